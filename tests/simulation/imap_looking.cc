// What an IMAP program does without changing anything.
#include "base/bytes.h"
#include "imap_reader.h"
#include "imap_search.h"
#include "rt/loop.h"

namespace pabal::simulation {

namespace {

// The value of `* OK [UIDNEXT 17]`; "" if nobody said it.
std::string code_value(const std::vector<ImapResponse>& told, std::string_view name) {
  for (const ImapResponse& response : told) {
    if (!response.has_code(name) || response.code.size() < 2) continue;
    const ImapValue& value = response.code[1];
    return value.kind == ImapValue::list && !value.items.empty() ? value.items[0].text : value.text;
  }
  return "";
}

uint64_t code_number(const std::vector<ImapResponse>& told, std::string_view name) {
  return parse_uint(code_value(told, name)).value_or(0);
}

}  // namespace

// What was known when the mailbox was left is what QRESYNC goes on from.
void ImapReader::leave() {
  if (box_ != nullptr && condstore_ && view_.is_complete() && known_modseq_ != 0) {
    Remembered remembered{.uid_validity = box_->uid_validity,
                          .modseq = known_modseq_,
                          .crashes = model_.crashes(),
                          .mails = view_.known()};
    bool all = true;
    for (const auto& [uid, entry] : remembered.mails) all &= entry.modseq != 0;
    if (all) remembered_[box_name_] = std::move(remembered);
  }
  box_ = nullptr;
  box_name_.clear();
  view_.clear();
}

rt::Task<bool> ImapReader::select(std::string name, bool examine) {
  leave();
  std::string command = (examine ? "EXAMINE " : "SELECT ") + mailbox(name);
  auto remembered = remembered_.find(name);
  bool resync = enabled_ == Enabled::qresync && remembered != remembered_.end() &&
                (habits_.cuts > 0 || random_.chance(80));
  bool some_known = false;
  if (resync) {
    const Remembered& r = remembered->second;
    command += " (QRESYNC (" + std::to_string(r.uid_validity) + " " + std::to_string(r.modseq);
    std::vector<uint32_t> uids;
    for (const auto& [uid, entry] : r.mails) uids.push_back(uid);
    bool names_uids = random_.chance(50);
    if (!uids.empty() && names_uids) {
      command += " " + set_of_numbers(uids);
      // RFC 7162 §3.2.5.2: some messages with their numbers
      if (random_.chance(50))
        command += " (1," + std::to_string(uids.size()) + " " + std::to_string(uids.front()) + "," +
                   std::to_string(uids.back()) + ")";
      if (uids.size() == 1 && command.ends_with(")")) command = command.substr(0, command.rfind(" ("));
    }
    command += "))";
    some_known = !uids.empty() && names_uids;  // then what is new is not told of
    view_.begin_resync(r.mails);
  } else if (random_.chance(20)) {
    command += " (CONDSTORE)";
    condstore_ = true;
  }
  std::map<int, uint32_t> complete_below;
  for (const auto& [id, box] : model_.boxes()) complete_below[id] = box->complete_below;
  Moment begun = model_.now();
  too_early_.clear();
  vanished_ = false;
  known_modseq_ = fetched_modseq_ = 0;
  selecting_ = 0;
  ImapResponse reply = co_await ask(command);
  selecting_ = -1;
  if (!reply.is("OK")) {
    view_.clear();
    if (reply.has_code("NONEXISTENT") && model_.quiet_since(begun) &&
        model_.tree().must_be([&](const ImapTree& tree) { return tree.boxes.contains(name); }))
      complain(name + " is said not to be there");
    co_return false;
  }
  box_name_ = name;
  examined_ = examine;
  box_ = model_.see_box(name, code_number(told_, "UIDVALIDITY"), code_value(told_, "MAILBOXID"), begun);
  known_below_ = complete_below.contains(box_->id) ? complete_below[box_->id] : 1;
  model_.see_uid_next(*box_, code_number(told_, "UIDNEXT"), begun);
  model_.see_modseq(*box_, code_number(told_, "HIGHESTMODSEQ"), begun);
  if (resync && remembered->second.uid_validity != box_->uid_validity) {
    // Another mailbox has this name now: nothing of what is known is worth anything.
    remembered_.erase(remembered);
    std::string renamed_away = box_name_;
    view_.clear();
    box_ = nullptr;
    bool again = co_await select(renamed_away, examine);
    co_return again;
  }
  if (resync) {
    ledger_.count("mailboxes taken up again by QRESYNC");
    view_.expect_complete(known_modseq_);
  }
  if (std::string wrong = view_.end_resync(!some_known); !wrong.empty()) complain(wrong);
  if (resync && vanished_ && remembered->second.crashes != model_.crashes())
    ledger_.mark("QRESYNC after a crash told of vanished mail");
  for (const ImapFetched& fetched : too_early_) {
    if (fetched.uid != 0)
      model_.see_mail(*box_, fetched.uid, {fetched.flags ? &*fetched.flags : nullptr, fetched.modseq, {}, {}},
                      known_below_);
  }
  co_await look(begun);
  co_return true;
}

rt::Task<void> ImapReader::look(Moment begun) {
  if (view_.entries().empty()) {
    if (std::string wrong = view_.end_fetching(); !wrong.empty()) complain(wrong);
    if (!silenced_) model_.see_all(*box_, {}, begun);
    co_return;
  }
  std::string items = "UID FLAGS";
  if (condstore_ || random_.chance(20)) {
    items += " MODSEQ";
    condstore_ = true;
  }
  if (random_.chance(30)) items += " RFC822.SIZE";
  if (random_.chance(30)) items += " INTERNALDATE";
  view_.begin_fetching(!silenced_ && model_.quiet_since(begun));
  ImapResponse reply = co_await ask("UID FETCH 1:* (" + items + ")");
  std::string wrong = view_.end_fetching();
  if (!reply.is("OK")) co_return complain("no OK to UID FETCH of flags: " + reply.text);
  if (!wrong.empty()) complain(wrong);
  std::map<uint32_t, const ImapFlags*> mails;
  for (const ImapView::Entry& entry : view_.entries()) {
    if (entry.uid != 0) mails[entry.uid] = entry.flags ? &*entry.flags : nullptr;
  }
  if (!silenced_) model_.see_all(*box_, mails, begun);
}

// NOOP brings everything up to date, unless the store could not answer.
rt::Task<void> ImapReader::poll() {
  Moment begun = model_.now();
  ImapResponse reply = co_await ask(random_.chance(70) ? "NOOP" : "CHECK");
  if (reply.is("OK")) co_await look(begun);
}

// Whole mails, those first that nobody has read.
rt::Task<void> ImapReader::read_mails(size_t most, bool again) {
  std::vector<uint32_t> uids;
  for (const ImapView::Entry& entry : view_.entries()) {
    if (entry.uid == 0 || uids.size() >= most) continue;
    if (again || !box_->mails[entry.uid].was_read || random_.chance(10)) uids.push_back(entry.uid);
  }
  if (uids.empty()) co_return;
  ImapResponse reply = co_await ask("UID FETCH " + set_of_numbers(uids) + " (UID BODY.PEEK[])");
  std::set<uint32_t> read;
  for (ImapFetched& fetched : fetched_) {
    auto body = fetched.others.find("BODY[]");
    if (body == fetched.others.end() || fetched.uid == 0) continue;
    read.insert(fetched.uid);
    model_.see_bytes(*box_, fetched.uid, std::move(body->second.text));
  }
  if (reply.is("OK") || !reply.is("NO")) co_return;
  bool damaged = reply.has_code("SERVERBUG");
  for (uint32_t uid : uids) {
    if (read.contains(uid)) continue;
    if (damaged && view_.find(uid) != nullptr) model_.see_unreadable(*box_, uid);
  }
}

// Parts of mails, against the whole.
rt::Task<void> ImapReader::fetch_something() {
  std::vector<uint32_t> uids = some_uids(true, 3);
  if (uids.empty()) co_return;
  uint64_t first = random_.below(2'000), octets = random_.up_to(5'000);
  std::string item = "BODY.PEEK[]<" + std::to_string(first) + "." + std::to_string(octets) + ">";
  std::string name = "BODY[]<" + std::to_string(first) + ">";
  if (random_.chance(40)) name = "BODY[HEADER]", item = "BODY.PEEK[HEADER]";
  if (random_.chance(30)) name = item = "ENVELOPE";
  if (random_.chance(20)) name = "THREADID", item = "EMAILID THREADID";
  bool by_uid = random_.chance(50);
  co_await ask(std::string(by_uid ? "UID FETCH " : "FETCH ") + set_of(uids, by_uid) + " (UID " + item + ")",
               by_uid);
  for (const ImapFetched& fetched : fetched_) {
    auto value = fetched.others.find(name);
    if (value == fetched.others.end() || fetched.uid == 0) continue;
    if (name == "THREADID") {
      see_thread(fetched);
      continue;
    }
    const std::shared_ptr<const std::string>& bytes = box_->mails[fetched.uid].bytes;
    if (!bytes) continue;
    std::string expected;
    if (name == "BODY[HEADER]") {
      expected = bytes->substr(0, bytes->find("\r\n\r\n") + 4);
    } else if (first < bytes->size()) {
      expected = bytes->substr(first, octets);
    }
    if (name == "ENVELOPE") {
      bool whole = value->second.items.size() == 10;
      std::string id = whole ? value->second.items[9].text : "";
      if (!whole || (bytes->find("Message-ID: " + id) == std::string::npos && id != "NIL"))
        complain("the ENVELOPE of UID " + std::to_string(fetched.uid) + " has the Message-ID " + id);
    } else if (value->second.text != expected) {
      complain(name + " of UID " + std::to_string(fetched.uid) + " is not a part of the whole");
    }
  }
}

void ImapReader::see_thread(const ImapFetched& fetched) {
  auto id_in = [&](const char* item) {
    auto value = fetched.others.find(item);
    bool one = value != fetched.others.end() && value->second.items.size() == 1;
    return one ? value->second.items[0].text : std::string();
  };
  std::string email_id = id_in("EMAILID"), thread_id = id_in("THREADID");
  if (email_id.empty() || thread_id.empty() || email_id == thread_id)
    complain("UID " + std::to_string(fetched.uid) + " has the EMAILID '" + email_id + "' and the THREADID '" +
             thread_id + "'");
  model_.see_thread(*box_, fetched.uid, email_id, thread_id);
}

rt::Task<void> ImapReader::idle() {
  ImapCommand command{{"IDLE"}};
  told_.clear();
  fetched_.clear();
  std::string tag = co_await client_->send(std::move(command));
  bool idling = co_await client_->continuation();
  uint64_t updates = view_.updates();
  if (idling) {
    co_await client_->listen(rt::Loop::current().now() + pause(30'000));
    if (view_.updates() != updates) ledger_.mark("IMAP client was told of another's change in IDLE");
    co_await client_->send_line("DONE");
  }
  co_await client_->wait(tag);
}

rt::Task<std::optional<std::set<std::string>>> ImapReader::list() {
  Moment begun = model_.now();
  std::set<std::string> names, subscribed;
  // The second one also tells of names that no mailbox has (RFC 5258 §3.1).
  for (const char* command : {"LIST \"\" \"*\"", "LIST (SUBSCRIBED) \"\" \"*\""}) {
    ImapResponse reply = co_await ask(command);
    if (!reply.is("OK")) co_return std::nullopt;
    for (const ImapResponse& response : told_) {
      if (!response.is("LIST") || response.values.size() < 4) continue;
      bool there = true, is_subscribed = false;
      for (const ImapValue& attribute : response.values[1].items) {
        if (attribute.is("\\NonExistent") || attribute.is("\\Noselect")) there = false;
        if (attribute.is("\\Subscribed")) is_subscribed = true;
      }
      if (there) names.insert(response.values[3].text);
      if (is_subscribed) subscribed.insert(response.values[3].text);
    }
  }
  ledger_.count("trees of mailboxes compared");
  model_.see_tree(names, subscribed, begun);
  co_return names;
}

rt::Task<void> ImapReader::status() {
  std::string name = some_name();
  Moment begun = model_.now();
  ImapResponse reply = co_await ask("STATUS " + mailbox(name) +
                                    " (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ MAILBOXID UNSEEN)");
  condstore_ = true;
  // This client has not been told of all: after NOTIFY NONE, say (RFC 5465 §3.1).
  bool behind = reply.has_code("HIGHESTMODSEQ") || code_number(told_, "HIGHESTMODSEQ") != 0;
  for (const ImapResponse& response : told_) {
    if (!response.is("STATUS") || response.values.size() != 3) continue;
    std::map<std::string, std::string> items;
    const std::vector<ImapValue>& list = response.values[2].items;
    for (size_t i = 0; i + 1 < list.size(); i += 2)
      items[list[i].text] =
          list[i + 1].kind == ImapValue::list ? list[i + 1].items.at(0).text : list[i + 1].text;
    auto number = [&](const char* item) { return parse_uint(items[item]).value_or(0); };
    ImapBox* box = model_.see_box(name, number("UIDVALIDITY"), items["MAILBOXID"], begun);
    model_.see_uid_next(*box, number("UIDNEXT"), begun);
    // Where it goes on from by QRESYNC must not be later than what it knows (RFC 7162 §3.2).
    if (box != box_ || !behind) model_.see_modseq(*box, number("HIGHESTMODSEQ"), begun);
    if (box == box_ && reply.has_code("HIGHESTMODSEQ") && number("HIGHESTMODSEQ") > known_modseq_)
      complain("STATUS of the open mailbox gives a HIGHESTMODSEQ beyond what this client was told");
    model_.see_messages(*box, number("MESSAGES"), begun);
  }
}

// Several commands at once; none of them uses message numbers.
rt::Task<void> ImapReader::pipeline() {
  told_.clear();
  fetched_.clear();
  std::vector<std::string> tags;
  for (uint64_t n = random_.up_to(4); n > 0; --n) {
    constexpr const char* commands[] = {
        "NOOP",        "STATUS INBOX (MESSAGES)", "UID FETCH 1:5 (FLAGS)", "UID SEARCH UNSEEN",
        "LIST \"\" %", "UID FETCH 1:* (ENVELOPE)"};
    ImapCommand command{{commands[random_.below(std::size(commands))]}};
    std::string tag = co_await client_->send(std::move(command));
    tags.push_back(std::move(tag));
  }
  for (const std::string& tag : tags) {
    ImapResponse reply = co_await client_->wait(tag);
    if (reply.is("BAD")) complain("BAD to one of several commands at once: " + reply.text);
  }
}

rt::Task<void> ImapReader::search() {
  auto is_unknown = [](const ImapView::Entry& entry) { return entry.uid == 0; };
  if (std::ranges::any_of(view_.entries(), is_unknown)) co_return;
  ImapSearch search = draw_search(random_, *box_, view_);
  bool by_uid = random_.chance(60);
  bool plain = random_.chance(40);
  std::string returns;
  if (!plain) {
    returns = " RETURN (";
    for (const char* option : {"MIN", "MAX", "COUNT", "ALL"}) {
      if (random_.chance(60)) returns += (returns.ends_with('(') ? "" : " ") + std::string(option);
    }
    returns += ")";
  }
  if (search.needs_modseq) condstore_ = true;
  const std::vector<ImapView::Entry> before = view_.entries();
  uint64_t updates = view_.updates();
  Instant begun = rt::Loop::current().now();
  Moment moment = model_.now();
  ImapResponse reply =
      co_await ask(std::string(by_uid ? "UID SEARCH" : "SEARCH") + returns + " " + search.text, by_uid);
  if (!reply.is("OK") || silenced_) co_return;
  // Of a mailbox that another program has deleted nothing can be read any more.
  if (search.reads_text && (!model_.quiet_since(moment) || !model_.is_surely_there(*box_))) co_return;
  if (view_.updates() != updates || rot_expected_) co_return;  // it may have been about the one or the other
  ledger_.count("searches compared");
  std::string wrong = judge_search(
      search, before, *box_, told_,
      {by_uid, plain || returns == " RETURN ()" || returns.find("ALL") != std::string::npos}, begun, ledger_);
  if (!wrong.empty()) complain("SEARCH " + search.text + ": " + wrong);
}

}  // namespace pabal::simulation
