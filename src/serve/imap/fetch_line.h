// One message's answer to FETCH (RFC 9051 §7.5.2): from what the view, the
// summary and the bytes know of it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/imap/fetch_item.h"
#include "proto/imap/response.h"
#include "reading/snapshot.h"
#include "serve/imap/message_octets.h"
#include "store/summaries.h"

namespace pabal::serve::imap {

// What has to be read for these items.
struct FetchNeeds {
  bool texts = false;      // store::SummaryTexts
  bool structure = false;  // among them
  bool preview = false;    // among them
  bool threads = false;
  bool bytes = false;
  bool all_bytes = false;            // all of them, or it cannot be said which
  bool head = false;                 // among them the message's own
  bool head_only = false;            // and nothing else
  bool parts = false;                // and others, for which its outline has to be known
  uint64_t octets_max = UINT64_MAX;  // of them, about
  bool sets_seen = false;
  bool any() const { return texts || threads || bytes; }
};
FetchNeeds needs_of(const std::vector<proto::imap::FetchItem>& items);

struct FetchSource {
  uint32_t number = 0;
  reading::Item item;
  const store::SummaryTexts* texts = nullptr;  // if needed
  ThreadId thread;                             // if needed
  MessageOctets octets;                        // prefix and bytes, as far as needed
  const mail::Outline* outline = nullptr;      // as far as needed; nullptr: to be made of all the octets
};

struct FetchForm {
  const std::vector<proto::imap::FetchItem>& items;
  const std::vector<std::string>& keywords;
  bool uid_only = false;  // UIDFETCH (RFC 9586)
  proto::imap::TextForm texts = proto::imap::TextForm::seven_bit;
};

// "* 3 FETCH (...)\r\n", in pieces: a line may be many times as long as its message,
// which may be large enough.
class FetchLine {
 public:
  // Both outlive it.
  FetchLine(const FetchSource& source, const FetchForm& form);
  ~FetchLine();

  // False: a BINARY item cannot be decoded, there is no line to be told.
  bool can_be_told();
  // Appends the next piece, of about kPieceOctets at most; false: that was all.
  bool put_piece(std::string& out);

  static constexpr size_t kPieceOctets = 64 * 1024;

 private:
  void put(const proto::imap::FetchItem& item);
  void number(std::string_view name, uint64_t value);
  void octets(std::string_view name, std::string_view value);
  void section(const proto::imap::FetchItem& item);
  void binary(const proto::imap::FetchItem& item);
  std::string_view decoded(const proto::imap::FetchItem& item, const proto::imap::SectionPlace& place);
  const mail::Outline& outline();
  const mail::Part& root();

  const FetchSource& source_;
  const FetchForm& form_;
  std::string* out_ = nullptr;  // of the piece at hand
  bool begun_ = false, any_ = false, ended_ = false;
  size_t next_ = 0;        // item
  std::string_view rest_;  // of the literal of the item before
  bool rest_is_literal8_ = false;
  std::unique_ptr<mail::Part> root_;
  std::unique_ptr<mail::Outline> outline_;
  // What was put together for the last item that wanted it, and of which part.
  std::string made_;
  const mail::Outline* decoded_ = nullptr;
};

}  // namespace pabal::serve::imap
