// The octets of one message that are at hand: all of them, or the ranges that
// somebody has asked the store for.
#pragma once

#include <string_view>
#include <vector>

#include "base/verify.h"
#include "proto/imap/response.h"

namespace pabal::serve::imap {

class MessageOctets {
 public:
  // They outlive it.
  void add(uint64_t begin, std::string_view octets) { pieces_.push_back({begin, octets}); }

  // [begin, end) was asked for, in one range.
  std::string_view at(uint64_t begin, uint64_t end) const {
    if (begin == end) return {};
    for (const Piece& piece : pieces_) {
      if (piece.begin <= begin && end <= piece.begin + piece.octets.size())
        return piece.octets.substr(begin - piece.begin, end - begin);
    }
    verify(false, "what is shown of a message has been read");
  }
  std::string_view at(const proto::imap::SectionPlace& place) const {
    if (place.source) return std::string_view(*place.source).substr(place.begin, place.end - place.begin);
    return at(place.begin, place.end);
  }
  // Of a message that was read whole.
  std::string_view whole() const { return pieces_.empty() ? std::string_view() : pieces_.front().octets; }

 private:
  struct Piece {
    uint64_t begin;
    std::string_view octets;
  };
  std::vector<Piece> pieces_;
};

}  // namespace pabal::serve::imap
