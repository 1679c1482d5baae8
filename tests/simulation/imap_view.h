// A mailbox as one session has been told of it: message numbers and UIDs, and
// the rules by which they may change (RFC 9051 §2.3.1.2, §7.5, RFC 7162 §3.2.10).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "imap_model.h"
#include "imap_response.h"

namespace pabal::simulation {

// What stands in a FETCH response.
struct ImapFetched {
  uint32_t number = 0;
  uint32_t uid = 0;  // 0: not told
  std::optional<ImapFlags> flags;
  uint64_t modseq = 0;
  std::optional<uint64_t> size_octets;
  std::optional<std::string> internal_date;
  std::map<std::string, ImapValue> others;  // by name in capitals: BODY[], ENVELOPE
};
std::optional<ImapFetched> parse_fetch(const ImapResponse& response);

class ImapView {
 public:
  struct Entry {
    uint32_t uid = 0;  // 0: not known yet
    std::optional<ImapFlags> flags;
    uint64_t modseq = 0;
    bool fetched = false;  // since begin_fetching()
  };
  using Known = std::map<uint32_t, Entry>;

  const std::vector<Entry>& entries() const { return entries_; }
  bool is_complete() const;  // all UIDs and flags are known
  uint64_t updates() const { return updates_; }
  Known known() const;
  const Entry* find(uint32_t uid) const;

  // The client knows its flags no more: it has changed them itself and was not told how.
  void forget_flags(uint32_t uid);
  void clear();
  // A mailbox is being selected, of which `known` has been told before (QRESYNC).
  void begin_resync(Known known);
  // all: that is all there is; else there may be more, and the next UID FETCH 1:* has
  // to agree. What does not add up; "" if all does.
  std::string end_resync(bool all);
  // And of what it knows by then, it has been told all changes up to this MODSEQ: the
  // next UID FETCH 1:* has to agree, whatever others do meanwhile.
  void expect_complete(uint64_t modseq) { complete_to_ = modseq; }

  // From here on FETCH tells all; what is known must be what it says if `compare`.
  void begin_fetching(bool compare);
  std::string end_fetching();  // every message must have been told of

  // EXISTS, EXPUNGE, VANISHED; and FETCH. The error, "" if there is none.
  std::string hear(const ImapResponse& response, bool renumbers, bool qresync);
  std::string hear(const ImapFetched& fetched);

 private:
  std::string hear_vanished(const ImapResponse& response, bool renumbers, bool qresync);
  std::string hear_resynced(const ImapFetched& fetched);

  std::vector<Entry> entries_;
  uint64_t updates_ = 0;
  bool fetching_ = false, comparing_ = false;
  size_t arrived_ = 0;           // since begin_fetching()
  std::optional<Known> resync_;  // while it goes on
  bool resync_begun_ = false;    // the mailbox has been told of; what comes now has just arrived
  size_t resync_count_ = 0, resync_arrived_ = 0;
  Known resynced_;  // until they have been fetched
  uint64_t complete_to_ = 0;
};

}  // namespace pabal::simulation
