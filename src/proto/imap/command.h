// IMAP commands as values. One file of this folder parses each of them (or a
// group that is one idea), the file of the same name in serve/imap answers it.
// Mailbox names here are UTF-8 (from modified UTF-7, RFC 3501 §5.1.3, or as they
// came after ENABLE UTF8=ACCEPT), "inbox" in any case is "INBOX".
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.h"
#include "proto/imap/fetch_item.h"
#include "proto/imap/search_key.h"
#include "proto/imap/sequence_set.h"

namespace pabal::proto::imap {

// Any state.
struct Capability {};
struct Noop {};
struct Logout {};
struct Id {  // RFC 2971; a value may be NIL
  std::vector<std::pair<std::string, std::optional<std::string>>> fields;
};

// Before login.
struct StartTls {};
struct Authenticate {
  std::string mechanism;                        // upper-case
  std::optional<std::string> initial_response;  // still base64; "" when "=" (RFC 4959)
};
struct Login {
  std::string user, password;
};

// After login.
struct Enable {
  std::vector<std::string> capabilities;  // upper-case
};
struct QresyncParameters {  // RFC 7162 §3.2.5
  uint32_t uid_validity = 0;
  uint64_t modseq = 0;
  std::optional<std::vector<NumberRange>> known_uids;  // rising
  // Pairs of message numbers and their UIDs, to match; empty if not given.
  std::vector<NumberRange> known_numbers, known_number_uids;
};
struct Select {
  std::string mailbox;
  bool examine = false;
  bool condstore = false;
  std::optional<QresyncParameters> qresync;
};
struct Create {
  std::string mailbox;
  std::vector<std::string> special_use;  // "\Sent" (RFC 6154 §3)
};
struct Delete {
  std::string mailbox;
};
struct Rename {
  std::string from, to;
};
struct Subscribe {
  std::string mailbox;
  bool unsubscribe = false;
};
// STATUS items (RFC 9051 §6.3.11, RFC 7162 §3.1.7, RFC 7889, RFC 8438, RFC 8474, RFC 9208).
enum class StatusItem : unsigned char {
  messages,
  recent,
  uid_next,
  uid_validity,
  unseen,
  deleted,
  size,
  highest_modseq,
  append_limit,
  mailbox_id,
  deleted_storage,
};
struct ListReturn {
  bool subscribed = false, children = false, special_use = false, my_rights = false;
  std::optional<std::vector<StatusItem>> status;  // RFC 5819
  std::vector<std::string> metadata;              // RFC 9590: entries
};
struct List {
  bool lsub = false;      // LSUB of RFC 3501
  bool extended = false;  // selection or return options or a list of patterns were given
  bool only_subscribed = false, remote = false, recursive_match = false, only_special_use = false;
  std::string reference;
  std::vector<std::string> patterns;  // UTF-8, with % and *
  ListReturn returns;
};
struct Namespace {};
struct Status {
  std::string mailbox;
  std::vector<StatusItem> items;
};

// A message of APPEND or REPLACE: a literal, or put together (RFC 4469).
struct CatenatePart {
  bool url = false;
  bool utf8 = false;  // "UTF8 (~{...})" (RFC 6855 §4)
  std::string text;   // octets, or an IMAP URL
};
struct AppendMessage {
  std::vector<std::string> flags;
  std::optional<Time> internal_date;
  bool utf8 = false;      // "UTF8 (~{...})" (RFC 6855 §4)
  bool literal8 = false;  // "~{...}" (RFC 3516 §4.4)
  bool catenate = false;
  std::string octets;               // unless catenate
  std::vector<CatenatePart> parts;  // if catenate
};
struct Append {
  std::string mailbox;
  std::vector<AppendMessage> messages;  // at least one (RFC 3502)
};

struct Idle {};
struct Compress {
  std::string algorithm;  // upper-case
};
struct Unauthenticate {};

// RFC 9208
struct GetQuota {
  std::string root;
};
struct GetQuotaRoot {
  std::string mailbox;
};
struct SetQuota {
  std::string root;
  std::vector<std::pair<std::string, uint64_t>> limits;
};

// RFC 4314
struct GetAcl {
  std::string mailbox;
};
struct SetAcl {
  std::string mailbox, identifier;
  char mode = 0;  // 0: set, '+' or '-'
  std::string rights;
};
struct DeleteAcl {
  std::string mailbox, identifier;
};
struct ListRights {
  std::string mailbox, identifier;
};
struct MyRights {
  std::string mailbox;
};

// RFC 5464; the empty mailbox name is the server.
struct GetMetadata {
  std::string mailbox;
  std::optional<uint64_t> max_size;
  int depth = 0;  // 0, 1, or -1 for infinity
  std::vector<std::string> entries;
};
struct SetMetadata {
  std::string mailbox;
  std::vector<std::pair<std::string, std::optional<std::string>>> entries;
};

// RFC 5465
struct MailboxFilter {
  enum Kind : unsigned char {
    selected,
    selected_delayed,
    inboxes,
    personal,
    subscribed,
    subtree,
    subtree_one,
    named
  };
  Kind kind = selected;
  std::vector<std::string> mailboxes;  // of subtree… and named
};
struct NotifyGroup {
  MailboxFilter filter;
  bool none = false;
  // Upper-case names as in RFC 5465 §5 ("MESSAGENEW", "FLAGCHANGE" …).
  std::vector<std::string> events;
  std::vector<FetchItem> message_new_items;  // of MessageNew (…)
};
struct Notify {
  bool set = false;     // NOTIFY SET; else NOTIFY NONE
  bool status = false;  // first a STATUS of each
  std::vector<NotifyGroup> groups;
};

// RFC 4467
struct GenUrlAuth {
  std::vector<std::pair<std::string, std::string>> urls;  // URL rump and mechanism
};
struct ResetKey {
  std::string mailbox;  // "": of all
  std::vector<std::string> mechanisms;
};
struct UrlFetch {
  std::vector<std::string> urls;
};

// ESEARCH over several mailboxes (RFC 7377).
struct MultiSearch {
  std::vector<MailboxFilter> sources;  // empty: the selected mailbox
  ReturnOptions returns;
  SearchProgram program;
};

// With a mailbox selected. `uid`: the UID form.
struct Check {};
struct Close {};
struct Unselect {};
struct Expunge {
  std::optional<SequenceSet> uids;  // UID EXPUNGE (RFC 4315)
};
struct Search {
  bool uid = false;
  ReturnOptions returns;
  SearchProgram program;
};
struct Sort {
  bool uid = false;
  ReturnOptions returns;
  std::vector<SortCriterion> criteria;
  SearchProgram program;
};
struct Thread {
  bool uid = false;
  ThreadAlgorithm algorithm = ThreadAlgorithm::references;
  SearchProgram program;
};
struct CancelUpdate {  // RFC 5267 §4.5
  std::vector<std::string> tags;
};
struct Fetch {
  bool uid = false;
  SequenceSet set;
  std::vector<FetchItem> items;  // ALL, FAST and FULL are spelled out
  std::optional<uint64_t> changed_since;
  bool vanished = false;
  std::optional<ReturnOptions::PartialRange> partial;  // RFC 9394
};
struct Store {
  bool uid = false;
  SequenceSet set;
  enum Mode : unsigned char { replace, add, remove } mode = replace;
  bool silent = false;
  std::vector<std::string> flags;
  std::optional<uint64_t> unchanged_since;
};
struct Copy {
  bool uid = false;
  bool move = false;
  SequenceSet set;
  std::string mailbox;
};
struct Replace {  // RFC 8508
  bool uid = false;
  uint32_t number = 0;  // kStar: the last
  std::string mailbox;
  AppendMessage message;
};

using Command =
    std::variant<Capability, Noop, Logout, Id, StartTls, Authenticate, Login, Enable, Select, Create, Delete,
                 Rename, Subscribe, List, Namespace, Status, Append, Idle, Compress, Unauthenticate, GetQuota,
                 GetQuotaRoot, SetQuota, GetAcl, SetAcl, DeleteAcl, ListRights, MyRights, GetMetadata,
                 SetMetadata, Notify, GenUrlAuth, ResetKey, UrlFetch, MultiSearch, Check, Close, Unselect,
                 Expunge, Search, Sort, Thread, CancelUpdate, Fetch, Store, Copy, Replace>;

struct SyntaxError {
  std::string tag;   // "" if not even that could be read: answer "* BAD"
  std::string code;  // response code, "" for none: "CLIENTBUG", "BADCHARSET (UTF-8)"
  std::string text;
  bool no = false;  // answer NO, not BAD (BADCHARSET, UNKNOWN-CTE …)
};

struct Request {
  std::string tag;
  Command command;
};

struct ParseOptions {
  bool utf8 = false;  // after ENABLE UTF8=ACCEPT or IMAP4rev2: names and quoted strings are UTF-8
};

// A whole command as the Receiver hands it over: its line with its literals in
// their place ("{3}\r\nabc"), without the last CRLF.
std::expected<Request, SyntaxError> parse_request(std::string text, const ParseOptions& options);

// "FETCH", "UID FETCH" …: for logs and metrics.
std::string verb(const Command& command);

}  // namespace pabal::proto::imap
