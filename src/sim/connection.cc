#include "sim/connection.h"

#include <algorithm>
#include <cstring>

namespace pabal::sim {

SimConnection::SimConnection(SimNetwork& n, std::array<const SimNet*, 2> h, std::array<io::Endpoint, 2> e)
    : network(n), id(++n.next_connection_), hosts(h), ends(std::move(e)) {
  network.connections_.emplace(id, this);
  rule = network.take_rule(ends[1]);
}

SimConnection::~SimConnection() {
  network.connections_.erase(id);
}

void SimConnection::send(int side, SimPipe::Kind kind, std::string_view bytes) {
  SimPipe& pipe = from(side);
  Instant due = std::max(network.poller_.now() + network.latency(), pipe.last_due);
  pipe.last_due = due;
  pipe.flying.push_back({due, kind, std::string(bytes)});
  pipe.flying_octets += bytes.size();
  network.poller_.at(due, [self = shared_from_this(), side] { self->deliver(side); });
}

void SimConnection::deliver(int side) {
  SimPipe& pipe = from(side);
  int reader = 1 - side;
  bool changed = false;
  bool unwanted = false;
  while (!pipe.flying.empty() && pipe.flying.front().due <= network.poller_.now() &&
         !network.blocked(ends[0].ip, ends[1].ip)) {
    SimPipe::Segment segment = std::move(pipe.flying.front());
    pipe.flying.pop_front();
    pipe.flying_octets -= segment.bytes.size();
    network.fingerprint_.mix(id * 2 + static_cast<uint64_t>(side));
    network.fingerprint_.mix(static_cast<uint64_t>(segment.kind));
    network.fingerprint_.mix(segment.bytes);
    if (pipe.reader_broken) continue;
    changed = true;
    switch (segment.kind) {
      case SimPipe::Kind::data:
        if (streams[static_cast<size_t>(reader)] == nullptr) {
          unwanted = true;
        } else {
          pipe.arrived += segment.bytes;
        }
        break;
      case SimPipe::Kind::fin:
        pipe.fin = true;
        break;
      case SimPipe::Kind::reset:
        pipe.reader_broken = true;
        from(reader).writer_broken = true;
        break;
    }
  }
  if (changed) signal(reader);
  // Data for an end that is closed is answered with a reset (RFC 9293 §3.10.7.1).
  if (unwanted && !from(reader).writer_broken) break_off(reader, false);
}

void SimConnection::break_off(int side, bool lose_flying) {
  SimPipe& out = from(side);
  SimPipe& in = toward(side);
  if (out.writer_broken) return;
  in.arrived.clear();
  in.arrived_at = 0;
  in.fin = false;
  in.reader_broken = true;
  out.writer_broken = true;
  if (lose_flying) {
    out.flying.clear();
    out.flying_octets = 0;
  }
  send(side, SimPipe::Kind::reset, {});
  signal(side);
}

void SimConnection::closed(int side) {
  streams[static_cast<size_t>(side)] = nullptr;
  SimPipe& out = from(side);
  if (out.writer_broken) return;
  if (toward(side).unread() > 0) {
    break_off(side, false);
  } else if (!out.finished) {
    out.finished = true;
    send(side, SimPipe::Kind::fin, {});
  }
}

void SimConnection::signal(int side) {
  SimStream* stream = streams[static_cast<size_t>(side)];
  if (stream != nullptr) stream->look();
}

size_t SimConnection::room(int side) {
  const SimPipe& pipe = from(side);
  size_t used = pipe.flying_octets + pipe.unread();
  size_t window = network.conditions_.window_octets;
  return used < window ? window - used : 0;
}

SimStream::SimStream(std::shared_ptr<SimConnection> connection, int side)
    : connection_(std::move(connection)), side_(side) {
  connection_->streams[static_cast<size_t>(side_)] = this;
}

SimStream::~SimStream() {
  connection_->closed(side_);
}

std::string SimStream::route() const {
  return local().to_string() + " " + peer().to_string();
}

io::TryResult SimStream::try_read(std::span<char> into) {
  SimPipe& pipe = connection_->toward(side_);
  if (into.empty()) return {io::TryResult::would_block};
  if (pipe.unread() == 0 && pipe.reader_broken) {
    throw io::IoError(io::IoFault::reset, "read from " + peer().to_string() + ": connection reset");
  }
  if (pipe.unread() == 0 && !pipe.fin) return {io::TryResult::would_block};
  SimNetwork& network = connection_->network;
  if (network.faults_.operation("net.read", route())) {
    connection_->break_off(side_, network.random_.chance(50));
    throw io::IoError(io::IoFault::reset, "read from " + peer().to_string() + ": connection reset");
  }
  if (pipe.unread() == 0) return {io::TryResult::eof};
  size_t n = network.portion(std::min(into.size(), pipe.unread()));
  memcpy(into.data(), pipe.arrived.data() + pipe.arrived_at, n);
  pipe.arrived_at += n;
  if (pipe.unread() == 0) {
    pipe.arrived.clear();
    pipe.arrived_at = 0;
  } else if (pipe.arrived_at > pipe.arrived.size() / 2) {
    pipe.arrived.erase(0, pipe.arrived_at);
    pipe.arrived_at = 0;
  }
  connection_->signal(1 - side_);
  return {io::TryResult::done, n};
}

io::TryResult SimStream::try_write(std::string_view bytes) {
  SimPipe& pipe = connection_->from(side_);
  if (pipe.writer_broken) {
    throw io::IoError(io::IoFault::reset, "write to " + peer().to_string() + ": connection reset");
  }
  if (pipe.finished) {
    throw io::IoError(io::IoFault::closed, "write to " + peer().to_string() + ": our direction is ended");
  }
  size_t n = std::min(bytes.size(), connection_->room(side_));
  if (n == 0) return {io::TryResult::would_block};
  SimNetwork& network = connection_->network;
  if (network.faults_.operation("net.write", route())) {
    // Whether the peer still gets it is for chance to say, as in a real net.
    if (network.random_.chance(50)) connection_->send(side_, SimPipe::Kind::data, bytes.substr(0, n));
    connection_->break_off(side_, network.random_.chance(50));
    throw io::IoError(io::IoFault::reset, "write to " + peer().to_string() + ": connection reset");
  }
  n = network.portion(n);
  connection_->send(side_, SimPipe::Kind::data, bytes.substr(0, n));
  pipe.sent += n;
  obey_rule(n);
  return {io::TryResult::done, n};
}

// The write that reaches the rule's octet breaks the connection; the writer
// learns of it only with its next operation.
void SimStream::obey_rule(size_t octets) {
  auto& rule = connection_->rule;
  if (!rule || static_cast<int>(rule->sender) != side_) return;
  SimPipe& pipe = connection_->from(side_);
  if (pipe.sent < rule->octets) return;
  if (!rule->after_delivery) {
    pipe.flying.pop_back();
    pipe.flying_octets -= octets;
  } else if (pipe.sent > rule->octets) {
    size_t excess = pipe.sent - rule->octets;
    auto& last = pipe.flying.back().bytes;
    last.resize(last.size() - std::min(excess, last.size()));
    pipe.flying_octets -= std::min(excess, octets);
  }
  rule.reset();
  connection_->break_off(side_, false);
}

void SimStream::finish() {
  SimPipe& pipe = connection_->from(side_);
  if (pipe.finished || pipe.writer_broken) return;
  pipe.finished = true;
  connection_->send(side_, SimPipe::Kind::fin, {});
}

bool SimStream::is_ready(io::Interest interest) const {
  if (interest == io::Interest::read) {
    const SimPipe& pipe = connection_->toward(side_);
    return pipe.unread() > 0 || pipe.fin || pipe.reader_broken;
  }
  const SimPipe& pipe = connection_->from(side_);
  return pipe.writer_broken || pipe.finished || connection_->room(side_) > 0;
}

void SimStream::arm(io::Interest interest) {
  armed_ = interest;
  look();
}

void SimStream::look() {
  if (armed_ && is_ready(*armed_)) signal();
}

}  // namespace pabal::sim
