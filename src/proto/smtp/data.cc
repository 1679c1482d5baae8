#include "proto/smtp/data.h"

#include <algorithm>
#include <cstring>

namespace pabal::proto::smtp {

namespace {

const char* find(const char* begin, const char* end, char c) {
  return begin < end ? static_cast<const char*>(std::memchr(begin, c, static_cast<size_t>(end - begin)))
                     : nullptr;
}

std::string_view view(const char* begin, const char* end) {
  return {begin, static_cast<size_t>(end - begin)};
}

constexpr size_t kBlock = 4096;

// True when nothing in the block needs a closer look: every CR and LF stand
// together and no line begins with a dot. Without a branch in it, so that the
// compiler makes vector instructions of it: that is where the speed comes from.
bool is_plain(std::string_view block) {
  unsigned char odd = 0;
  for (size_t i = 0; i + 1 < block.size(); ++i) {
    char a = block.data()[i];
    char b = block.data()[i + 1];
    odd |= static_cast<unsigned char>(((a == '\r') != (b == '\n')) | ((a == '\n') & (b == '.')));
  }
  return odd == 0;
}

}  // namespace

void DataReader::emit(std::string_view text, std::string& message) {
  size_ += text.size();
  if (!too_big()) message.append(text);
}

// Moves over a block that is plain text from its first octet to its last;
// false when lines must be looked at one by one.
bool DataReader::skip_plain(std::string_view block) {
  if (block.back() == '\r') block.remove_suffix(1);
  if (block.empty() || block.back() == '\r' || block[0] == '\n' ||
      (block[0] == '.' && state_ == State::line_start))
    return false;
  if (!is_plain(block)) return false;
  state_ = block.back() == '\n' ? State::line_start : State::text;
  return true;
}

// Begins in state line_start or text, ends with all octets consumed or in
// state done; returns how many it consumed. Between two feeds only the states
// are kept, so a CR or dot at the end of a chunk is held back.
size_t DataReader::feed_text(std::string_view bytes, std::string& message) {
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  const char* run = begin;      // first octet not yet given out
  const char* at = begin;       // first octet not yet looked at
  const char* by_line = begin;  // up to here, line by line
  while (at < end) {
    if (at >= by_line) {
      std::string_view block = view(at, end).substr(0, kBlock);
      by_line = at + block.size();
      if (skip_plain(block)) {
        at = block.back() == '\r' ? by_line - 1 : by_line;
        continue;
      }
    }
    if (state_ == State::line_start && *at == '.') {
      emit(view(run, at), message);
      run = ++at;
      if (at == end) {
        state_ = State::dot;
        return bytes.size();
      }
      if (*at == '\r') {
        if (at + 1 == end) {
          state_ = State::dot_cr;
          return bytes.size();
        }
        if (at[1] == '\n') {
          state_ = State::done;
          return static_cast<size_t>(at + 2 - begin);
        }
      }
    }
    state_ = State::text;
    const char* lf = find(at, end, '\n');
    const char* line_end = lf ? lf : end;
    const char* cr = find(at, line_end, '\r');
    if (lf) {
      bool crlf = cr && cr + 1 == lf;
      if (!crlf) bare_ = true;
      // An LF without its CR ends no line: a dot behind it means nothing.
      if (lf > at && lf[-1] == '\r') state_ = State::line_start;
      at = lf + 1;
    } else if (cr && cr + 1 == end) {
      state_ = State::cr;
      emit(view(run, cr), message);
      return bytes.size();
    } else {
      if (cr) bare_ = true;
      if (cr && end[-1] == '\r') {
        state_ = State::cr;
        emit(view(run, end - 1), message);
        return bytes.size();
      }
      at = end;
    }
  }
  emit(view(run, end), message);
  return bytes.size();
}

DataReader::Progress DataReader::feed(std::string_view bytes, std::string& message) {
  size_t at = 0;
  while (at < bytes.size() && state_ != State::done) {
    switch (state_) {
      case State::line_start:
      case State::text:
        at += feed_text(bytes.substr(at), message);
        break;
      case State::dot:
        if (bytes[at] == '\r') {
          state_ = State::dot_cr;
          ++at;
        } else {
          state_ = State::text;  // the dot was stuffing
        }
        break;
      case State::dot_cr:
      case State::cr:
        if (bytes[at] == '\n') {
          bool ended = state_ == State::dot_cr;
          state_ = ended ? State::done : State::line_start;
          if (!ended) emit("\r\n", message);
          ++at;
        } else {
          bare_ = true;
          emit("\r", message);
          state_ = State::text;
        }
        break;
      case State::done:
        break;
    }
  }
  return {at, state_ == State::done};
}

std::string dot_stuff(std::string_view message) {
  std::string out;
  out.reserve(message.size() + message.size() / 64 + 8);
  size_t run = 0;
  if (message.starts_with('.')) out += '.';
  for (size_t at = message.find("\n."); at != std::string_view::npos; at = message.find("\n.", run)) {
    out.append(message, run, at + 1 - run);
    out += '.';
    run = at + 1;
  }
  out.append(message, run);
  if (!message.empty() && !message.ends_with("\r\n")) out += "\r\n";
  out += ".\r\n";
  return out;
}

bool has_only_crlf(std::string_view message) {
  const char* at = message.data();
  const char* const end = at + message.size();
  while (at < end) {
    const char* lf = find(at, end, '\n');
    const char* cr = find(at, lf ? lf : end, '\r');
    if (!lf) return cr == nullptr;
    if (!cr || cr + 1 != lf) return false;
    at = lf + 1;
  }
  return true;
}

std::string with_crlf_line_ends(std::string_view message, bool stuffed) {
  std::string out;
  out.reserve(message.size() + message.size() / 16);
  for (size_t at = 0; at < message.size();) {
    size_t end = std::min(message.find_first_of("\r\n", at), message.size());
    out.append(message, at, end - at);
    if (end == message.size()) break;
    size_t behind_crs = std::min(message.find_first_not_of('\r', end), message.size());
    size_t crs = behind_crs - end;
    bool with_lf = behind_crs < message.size() && message[behind_crs] == '\n';
    for (size_t ends = with_lf ? 1 : crs; ends > 0; --ends) out += "\r\n";
    at = behind_crs + (with_lf ? 1 : 0);
    bool odd = crs != 1 || !with_lf;
    if (stuffed && odd && message.substr(at, 2) == "..") ++at;
  }
  return out;
}

}  // namespace pabal::proto::smtp
