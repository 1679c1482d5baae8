// Two ends of a wire in memory, for this folder's tests: narrow, so that every
// TLS record is read and written in pieces.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "io/stream.h"

namespace pabal::tls {

class MemoryStream final : public io::Stream {
 public:
  struct Wire {
    std::string octets;
    bool ended = false;
    MemoryStream* reader = nullptr;
    MemoryStream* writer = nullptr;
  };

  static constexpr size_t kWireOctets = 3000;

  static std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>> make_pair() {
    auto there = std::make_shared<Wire>(), back = std::make_shared<Wire>();
    return {std::make_unique<MemoryStream>(back, there), std::make_unique<MemoryStream>(there, back)};
  }

  MemoryStream(std::shared_ptr<Wire> in, std::shared_ptr<Wire> out)
      : in_(std::move(in)), out_(std::move(out)) {
    in_->reader = this;
    out_->writer = this;
  }
  ~MemoryStream() override {
    in_->reader = nullptr;
    out_->writer = nullptr;
    finish();
  }

  io::TryResult try_read(std::span<char> into) override {
    size_t n = std::min(into.size(), in_->octets.size());
    if (n == 0) return {in_->ended ? io::TryResult::eof : io::TryResult::would_block};
    std::copy_n(in_->octets.begin(), n, into.begin());
    in_->octets.erase(0, n);
    if (in_->writer != nullptr) in_->writer->signal();
    return {io::TryResult::done, n};
  }
  io::TryResult try_write(std::string_view bytes) override {
    if (out_->reader == nullptr) throw io::IoError(io::IoFault::reset, "the other end is gone");
    size_t n = std::min(bytes.size(), kWireOctets - out_->octets.size());
    if (n == 0) return {io::TryResult::would_block};
    out_->octets += bytes.substr(0, n);
    out_->reader->signal();
    return {io::TryResult::done, n};
  }
  void finish() override {
    out_->ended = true;
    if (out_->reader != nullptr) out_->reader->signal();
  }
  io::Endpoint local() const override { return {}; }
  io::Endpoint peer() const override { return {{}, 7, {}}; }

 private:
  void arm(io::Interest interest) override {
    bool can_read = !in_->octets.empty() || in_->ended;
    bool can_write = out_->octets.size() < kWireOctets || out_->reader == nullptr;
    if (interest == io::Interest::read ? can_read : can_write) signal();
  }
  void disarm() override {}

  std::shared_ptr<Wire> in_, out_;
};

}  // namespace pabal::tls
