// Commands whose answers the model knows little of: they have to be well-formed, in
// order, and true as far as the session itself can tell.
#include <algorithm>

#include "base/bytes.h"
#include "imap_reader.h"
#include "io/error.h"
#include "rt/loop.h"

namespace pabal::simulation {

rt::Task<void> ImapReader::ask_politely(std::string command, bool renumbers) {
  std::string said = command;
  ImapResponse reply = co_await ask(std::move(command), renumbers);
  if (reply.is("BAD")) complain("BAD to " + said + ": " + reply.text);
  if (reply.has_code("SERVERBUG")) complain("SERVERBUG to " + said + ": " + reply.text);
}

rt::Task<void> ImapReader::ask_more() {
  constexpr const char* anywhere[] = {
      "CAPABILITY",
      "ID (\"name\" \"reader\")",
      "NAMESPACE",
      "LSUB \"\" \"*\"",
      "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (\"*\") RETURN (CHILDREN SPECIAL-USE STATUS (MESSAGES UNSEEN))",
      "LIST \"\" \"*\" RETURN (MYRIGHTS STATUS (MESSAGES UIDNEXT HIGHESTMODSEQ SIZE))",
      "GETQUOTAROOT INBOX",
      "GETACL INBOX",
      "MYRIGHTS INBOX",
      "LISTRIGHTS INBOX anyone",
      "SETACL f1 anyone i",
      "DELETEACL f1 anyone",
      "SETMETADATA INBOX (/private/comment \"mine\")",
      "SETMETADATA INBOX (/private/comment NIL)",
      "GETMETADATA (DEPTH infinity) INBOX (/private /shared)",
      "GETMETADATA \"\" (/shared/comment)",
      "RESETKEY Archive",
      "ESEARCH IN (personal) RETURN (COUNT MAX) UNSEEN",
      "STATUS INBOX (MESSAGES RECENT UNSEEN SIZE DELETED)",
  };
  constexpr const char* selected[] = {
      "UID FETCH 1:* (FLAGS BODYSTRUCTURE PREVIEW)",
      "UID FETCH 1:* FULL",
      "UID FETCH 1:* (ENVELOPE SAVEDATE EMAILID)",
      "UID FETCH 1:* (BODY.PEEK[TEXT]<0.100> BODY.PEEK[HEADER.FIELDS (SUBJECT)])",
      "UID THREAD REFERENCES UTF-8 ALL",
      "UID THREAD ORDEREDSUBJECT UTF-8 UNDELETED",
      "UID SEARCH RETURN (SAVE COUNT) UNDELETED",
      "UID FETCH $ (FLAGS)",
      "UID SEARCH TEXT letter",
      "UID SORT RETURN (COUNT PARTIAL 1:10) (ARRIVAL) UTF-8 ALL",
  };
  uint64_t n = random_.below(100);
  if (n < 45 || box_ == nullptr) {
    std::string command = anywhere[random_.below(std::size(anywhere))];
    condstore_ |= command.find("HIGHESTMODSEQ") != std::string::npos;
    co_await ask_politely(std::move(command));
  } else if (n < 65) {
    co_await ask_politely(selected[random_.below(std::size(selected))]);
  } else if (n < 70) {
    co_await be_notified();
  } else if (n < 76) {
    co_await sort();
  } else if (n < 80 && !view_.entries().empty()) {  // 1:* names nobody in an empty mailbox
    co_await ask_politely("FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE)", false);
  } else if (n < 86 && enabled_ == Enabled::qresync && known_modseq_ > 0) {
    std::string since = std::to_string(known_modseq_);
    co_await ask_politely("UID FETCH 1:* (FLAGS) (CHANGEDSINCE " + since + " VANISHED)");
  } else if (n < 90) {
    co_await fetch_url();
  } else if (n < 96) {
    co_await replace();
  } else {
    co_await log_in_again();
  }
}

// What others change is told at once, but for what would renumber.
rt::Task<void> ImapReader::be_notified() {
  co_await ask_politely(
      "NOTIFY SET STATUS (selected-delayed (MessageNew MessageExpunge FlagChange)) (personal (MessageNew "
      "MessageExpunge MailboxName SubscriptionChange))");
  for (uint64_t n = random_.up_to(3); n > 0; --n) {
    co_await client_->listen(rt::Loop::current().now() + pause(5'000));
    co_await ask_politely("NOOP");
  }
  co_await ask_politely("NOTIFY NONE");
  silenced_ = true;
}

// All of them, each once.
rt::Task<void> ImapReader::sort() {
  constexpr const char* criteria[] = {"DATE", "SUBJECT", "REVERSE ARRIVAL", "SIZE FROM", "DISPLAYFROM"};
  uint64_t updates = view_.updates();
  std::string command = std::string("SORT (") + criteria[random_.below(std::size(criteria))] + ") UTF-8 ALL";
  co_await ask_politely(command, false);
  if (view_.updates() != updates) co_return;
  for (const ImapResponse& response : told_) {
    if (!response.is("SORT")) continue;
    std::vector<uint64_t> numbers;
    for (size_t i = 1; i < response.values.size(); ++i)
      numbers.push_back(response.values[i].number().value_or(0));
    std::ranges::sort(numbers);
    bool all = numbers.size() == view_.entries().size();
    for (size_t i = 0; i < numbers.size(); ++i) all &= numbers[i] == i + 1;
    if (!all)
      complain(command + " names " + std::to_string(numbers.size()) + " of " +
               std::to_string(view_.entries().size()) + " messages, or some of them twice");
  }
}

rt::Task<void> ImapReader::fetch_url() {
  std::vector<uint32_t> uids = some_uids(true, 1);
  if (uids.empty() || box_name_ != "INBOX") co_return;
  std::string user = model_.address();
  user.replace(user.find('@'), 1, "%40");
  std::string rump =
      "imap://" + user + "@mx.seoul.test/INBOX/;UID=" + std::to_string(uids[0]) + ";URLAUTH=anonymous";
  co_await ask_politely("GENURLAUTH \"" + rump + "\" INTERNAL");
  std::string url;
  for (const ImapResponse& response : told_) {
    if (response.is("GENURLAUTH") && response.values.size() == 2) url = response.values[1].text;
  }
  if (url.empty()) co_return;
  co_await ask_politely("URLFETCH \"" + url + "\"");
  for (const ImapResponse& response : told_) {
    if (!response.is("URLFETCH") || response.values.size() != 3) continue;
    const ImapValue& octets = response.values[2];
    if (octets.kind == ImapValue::string && octets.text != *box_->mails[uids[0]].bytes)
      complain("URLFETCH of UID " + std::to_string(uids[0]) + " gives other octets");
  }
}

rt::Task<void> ImapReader::log_in_again() {
  leave();
  ImapResponse reply = co_await ask("UNAUTHENTICATE");
  if (!reply.is("OK")) complain("no OK to UNAUTHENTICATE: " + reply.text);
  enabled_ = Enabled::nothing;
  rev2_ = condstore_ = silenced_ = false;
  bool in = co_await log_in();
  if (!in) throw io::IoError(io::IoFault::other, "cannot log in again");
  co_await enable();
}

// Puts another mail in the place of one that an IMAP program has put there (RFC 8508).
rt::Task<void> ImapReader::replace() {
  std::vector<uint32_t> uids = some_uids(true, 1);
  if (uids.empty() || examined_) co_return;
  const ImapMail& old = box_->mails[uids[0]];
  if (old.bytes->find("@imap.test>") == std::string::npos) co_return;
  ImapBox* into = model_.box_named(box_name_);
  if (into != box_) co_return;
  ImapArrival arrival{.bytes = compose(), .flags = {}, .internal_date = {}};
  ImapChange change{.what = "REPLACE of UID " + std::to_string(uids[0]) + " in " + box_name_,
                    .box = box_,
                    .uids = uids,
                    .into = into,
                    .into_name = box_name_};
  change.on_mail = [](ImapMailState& state) { state.present = false; };
  change.arrivals.mails.push_back(arrival);
  change.arrivals.certain = false;
  ImapCommand command{{"UID REPLACE " + std::to_string(uids[0]) + " " + mailbox(box_name_) + " {" +
                           std::to_string(arrival.bytes->size()) + "+}",
                       *arrival.bytes, ""}};
  ImapResponse reply = co_await change_by(change, std::move(command));
  std::vector<uint32_t> arrived;
  const std::vector<ImapResponse> told = told_;
  for (const ImapResponse& response : told) {
    if (response.has_code("APPENDUID") && response.code.size() == 3)
      arrived = numbers_of_set(response.code[2].text);
  }
  if (reply.is("OK") && arrived.size() != 1) complain("OK to REPLACE without APPENDUID");
  conclude(change, reply, arrived);
}

}  // namespace pabal::simulation
