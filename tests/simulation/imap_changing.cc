// What an IMAP program changes, and what follows from the reply or from its loss.
#include <algorithm>

#include "base/bytes.h"
#include "imap_reader.h"
#include "io/error.h"
#include "rt/loop.h"

namespace pabal::simulation {

namespace {

ImapEnd end_of(const ImapResponse& reply) {
  if (reply.is("OK")) return ImapEnd::done;
  bool store_failed = reply.has_code("SERVERBUG") || reply.has_code("UNAVAILABLE");
  return reply.is("NO") && store_failed ? ImapEnd::refused : ImapEnd::undone;
}

bool has_deleted(const ImapMailState& state) {
  return state.flags.contains("\\Deleted");
}

// An IMAP program has put it there, nobody has sent it.
bool is_ours(const ImapMail& mail) {
  return mail.bytes && mail.bytes->find("@imap.test>") != std::string::npos;
}

void expunge_deleted(ImapMailState& state) {
  if (has_deleted(state)) state.present = false;
}

// `COPYUID 17 3:4 8:9`, of the tagged response or of one before it.
const ImapResponse* with_code(const ImapResponse& reply, const std::vector<ImapResponse>& told,
                              std::string_view name) {
  if (reply.has_code(name)) return &reply;
  for (const ImapResponse& response : told) {
    if (response.has_code(name)) return &response;
  }
  return nullptr;
}

}  // namespace

rt::Task<ImapResponse> ImapReader::change_by(ImapChange& change, ImapCommand command) {
  co_await model_.begin(change);
  told_.clear();
  fetched_.clear();
  std::exception_ptr error;
  ImapResponse reply;
  try {
    reply = co_await client_->ask(std::move(command));
  } catch (const io::IoError&) {
    error = std::current_exception();
  }
  if (error) {
    co_await rt::sleep_for(habits_.decided_after);
    model_.end(change, ImapEnd::lost);
    ledger_.note(name_ + "@" + model_.address() + ": no reply to " + change.what);
    std::rethrow_exception(error);
  }
  if (reply.has_code("UNAVAILABLE") && reply.text.find("full") != std::string::npos)
    ledger_.mark("IMAP command refused for the full disk");
  co_return reply;
}

void ImapReader::conclude(ImapChange& change, const ImapResponse& reply, const std::vector<uint32_t>& uids) {
  model_.end(change, end_of(reply), uids);
  if (reply.is("BAD")) complain("BAD to " + change.what + ": " + reply.text);
}

std::vector<uint32_t> ImapReader::some_uids(bool readable_only, size_t most) {
  std::vector<uint32_t> uids;
  if (view_.entries().empty()) return uids;
  size_t count = random_.up_to(most);
  size_t at = random_.below(view_.entries().size());
  for (; at < view_.entries().size() && uids.size() < count; at += random_.up_to(2)) {
    uint32_t uid = view_.entries()[at].uid;
    if (uid != 0 && (!readable_only || box_->mails[uid].bytes)) uids.push_back(uid);
  }
  return uids;
}

std::string ImapReader::set_of(const std::vector<uint32_t>& uids, bool by_uid) const {
  if (by_uid) return set_of_numbers(uids);
  std::vector<uint32_t> numbers;
  for (uint32_t uid : uids)
    numbers.push_back(static_cast<uint32_t>(view_.find(uid) - view_.entries().data()) + 1);
  return set_of_numbers(numbers);
}

ImapFlags ImapReader::some_flags(bool deleted) {
  constexpr const char* all[] = {"\\Seen", "\\Answered", "\\Flagged", "\\Draft", "kw1", "kw2"};
  ImapFlags flags;
  for (const char* flag : all) {
    if (random_.chance(30)) flags.insert(flag);
  }
  if (deleted && random_.chance(50)) flags.insert("\\Deleted");
  return flags;
}

rt::Task<void> ImapReader::store() {
  if (examined_) co_return;
  // What nobody has read stays, so that all that is delivered is found.
  std::vector<uint32_t> uids = some_uids(true, 4);
  if (uids.empty()) co_return;
  ImapFlags flags = some_flags(true);
  uint64_t mode = random_.below(3);  // =, +, -
  bool by_uid = random_.chance(60), silent = random_.chance(30);
  uint64_t since = 0;
  if (random_.chance(20)) {
    const ImapView::Entry* entry = view_.find(uids[0]);
    since = entry->modseq != 0 ? entry->modseq : box_->highest_modseq.value;
    condstore_ = true;
  }
  std::string text = std::string(by_uid ? "UID STORE " : "STORE ") + set_of(uids, by_uid);
  if (since != 0) text += " (UNCHANGEDSINCE " + std::to_string(since) + ")";
  text += std::string(mode == 0   ? " "
                      : mode == 1 ? " +"
                                  : " -") +
          "FLAGS" + (silent ? ".SILENT " : " ") + to_text(flags);
  ImapChange change{.what = text + " in " + box_name_, .box = box_, .uids = uids};
  change.on_mail = [flags, mode](ImapMailState& state) {
    if (!state.present) return;
    if (mode == 0) state.flags = flags;
    if (mode == 1) state.flags.insert(flags.begin(), flags.end());
    if (mode == 2) std::erase_if(state.flags, [&](const std::string& flag) { return flags.contains(flag); });
  };
  std::map<uint32_t, uint64_t> modseqs;  // as far as known before
  for (uint32_t uid : uids) modseqs[uid] = box_->mails[uid].modseq.value;
  ImapCommand command{{text}, by_uid};
  ImapResponse reply = co_await change_by(change, std::move(command));
  if (reply.is("OK") && reply.has_code("MODIFIED")) {
    std::vector<uint32_t> left = numbers_of_set(reply.code.at(1).text);
    if (!by_uid) {
      for (uint32_t& number : left)
        number = number >= 1 && number <= view_.entries().size() ? view_.entries()[number - 1].uid : 0;
    }
    std::erase_if(change.uids, [&](uint32_t uid) { return has_number(left, uid); });
  }
  for (uint32_t uid : change.uids) {
    if (reply.is("OK") && since != 0 && modseqs[uid] > since && model_.is_alone(change) &&
        box_->mails[uid].state.must_be([](const ImapMailState& state) { return state.present; }))
      complain("UID " + std::to_string(uid) + " was changed since " + std::to_string(since) +
               ", and again by " + text);
    if (silent) view_.forget_flags(uid);
    bool is_told = std::ranges::find(fetched_, uid, &ImapFetched::uid) != fetched_.end();
    if (reply.is("OK") && !silent && view_.find(uid) != nullptr && !is_told)
      complain("UID " + std::to_string(uid) + " is there, and its flags are not told by " + text);
  }
  conclude(change, reply);
}

// FETCH BODY[] sets \Seen (RFC 9051 §6.4.5).
rt::Task<void> ImapReader::read_and_mark() {
  std::vector<uint32_t> uids = some_uids(true, 2);
  if (uids.empty() || examined_) co_return;
  ImapChange change{
      .what = "FETCH BODY[] of UID " + set_of_numbers(uids) + " in " + box_name_, .box = box_, .uids = uids};
  change.on_mail = [](ImapMailState& state) {
    if (state.present) state.flags.insert("\\Seen");
  };
  bool by_uid = random_.chance(50);
  ImapCommand command{{std::string(by_uid ? "UID " : "") + "FETCH " + set_of(uids, by_uid) + " (UID BODY[])"},
                      by_uid};
  ImapResponse reply = co_await change_by(change, std::move(command));
  for (ImapFetched& fetched : fetched_) {
    auto body = fetched.others.find("BODY[]");
    if (body != fetched.others.end() && fetched.uid != 0)
      model_.see_bytes(*box_, fetched.uid, std::move(body->second.text));
  }
  // Whether it is marked when it cannot be read, is the server's affair.
  model_.end(change, reply.is("OK") ? ImapEnd::done : ImapEnd::lost);
}

std::shared_ptr<const std::string> ImapReader::compose() {
  std::string token =
      name_ + "-" + std::to_string(++letters_) + "-" + model_.address().substr(0, model_.address().find('@'));
  std::string text = "From: <" + model_.address() +
                     ">\r\nDate: Fri, 21 Nov 2025 00:00:00 +0000\r\nMessage-ID: <" + token +
                     "@imap.test>\r\nSubject: kept " + token + "\r\n\r\n";
  constexpr uint64_t sizes[] = {50, 1'000, 5'000, 20'000};
  uint64_t wanted = random_.up_to(sizes[random_.below(std::size(sizes))]);
  while (text.size() < wanted + 200)
    text += std::string(random_.below(76), static_cast<char>('a' + random_.below(26))) + "\r\n";
  return std::make_shared<const std::string>(std::move(text));
}

rt::Task<void> ImapReader::append() {
  std::string name = some_name();
  ImapChange change{.into = model_.box_named(name), .into_name = name};
  if (change.into == nullptr) co_return;
  ImapCommand command{{"APPEND " + mailbox(name)}};
  uint64_t mails = random_.chance(20) ? random_.up_to(3) : 1;
  for (uint64_t n = 0; n < mails; ++n) {
    ImapArrival arrival{.bytes = compose(),
                        .flags = random_.chance(50) ? some_flags(false) : ImapFlags(),
                        .internal_date = {}};
    std::string& part = command.parts.back();
    if (!arrival.flags.empty()) part += " " + to_text(arrival.flags);
    if (random_.chance(30)) {
      arrival.internal_date = " 3-Feb-2021 10:20:" + std::to_string(10 + random_.below(50)) + " +0000";
      part += " \"" + *arrival.internal_date + "\"";
    }
    part += " {" + std::to_string(arrival.bytes->size()) + (random_.chance(40) ? "+}" : "}");
    command.parts.push_back(*arrival.bytes);
    command.parts.push_back("");
    change.arrivals.mails.push_back(std::move(arrival));
  }
  // What stands behind a literal belongs to the next part.
  change.what = "APPEND of " + std::to_string(mails) + " to " + name;
  ImapResponse reply = co_await change_by(change, std::move(command));
  std::vector<uint32_t> uids;
  if (reply.has_code("APPENDUID") && reply.code.size() == 3) {
    uint64_t validity = reply.code[1].number().value_or(0);
    change.into = &model_.identify(*change.into, validity);
    uids = numbers_of_set(reply.code[2].text);
  }
  conclude(change, reply, uids);
  if (reply.is("OK") && uids.size() != mails && model_.is_alone(change))
    complain("APPENDUID of " + std::to_string(mails) + " mails into " + name + " names " +
             std::to_string(uids.size()));
  if (uids.size() == 1 && box_ == change.into && random_.chance(50)) co_await search();
}

rt::Task<void> ImapReader::copy() {
  std::string name = some_name();
  bool move = !examined_ && random_.chance(50);
  std::vector<uint32_t> uids = some_uids(true, 4);
  ImapBox* into = model_.box_named(name);
  if (into == nullptr || into == box_) co_return;
  // A copy of a letter in INBOX would look as if it had been delivered twice.
  std::erase_if(uids, [&](uint32_t uid) {
    const ImapMail& mail = box_->mails[uid];
    return (name == "INBOX" && !is_ours(mail)) || mail.state.may_be(has_deleted);
  });
  if (uids.empty()) co_return;
  bool by_uid = random_.chance(60);
  std::string text = std::string(by_uid ? "UID " : "") + (move ? "MOVE " : "COPY ") + set_of(uids, by_uid) +
                     " " + mailbox(name);
  ImapChange change{.what = text + " from " + box_name_, .into = into, .into_name = name};
  change.arrivals.moves = move;
  auto arrival_of = [&](uint32_t uid) {
    const ImapMail& mail = box_->mails[uid];
    return ImapArrival{
        .bytes = mail.bytes, .flags = {}, .internal_date = mail.internal_date, .source = {box_, uid}};
  };
  for (uint32_t uid : uids) change.arrivals.mails.push_back(arrival_of(uid));
  if (move) {
    change.box = box_;
    change.uids = uids;
    change.on_mail = [](ImapMailState& state) { state.present = false; };
  }
  ImapCommand command{{text}};
  ImapResponse reply = co_await change_by(change, std::move(command));
  std::vector<uint32_t> to;
  const ImapResponse* coded = with_code(reply, told_, "COPYUID");
  if (reply.is("OK") && coded != nullptr && coded->code.size() == 4) {
    std::vector<uint32_t> from = numbers_of_set(coded->code[2].text);
    to = numbers_of_set(coded->code[3].text);
    if (from.size() != to.size())
      complain("COPYUID with " + std::to_string(from.size()) + " and " + std::to_string(to.size()) + " UIDs");
    change.arrivals.mails.clear();
    for (uint32_t uid : from) change.arrivals.mails.push_back(arrival_of(uid));
    for (uint32_t uid : uids) {
      if (has_number(from, uid) || !model_.is_alone(change)) continue;
      if (box_->mails[uid].state.must_be([](const ImapMailState& state) { return state.present; }))
        complain("UID " + std::to_string(uid) + " is there and was left out by " + text);
    }
    if (move) change.uids = from;
    uint64_t validity = coded->code[1].number().value_or(0);
    change.into = &model_.identify(*into, validity);
  } else if (reply.is("OK")) {
    change.uids.clear();
    change.arrivals.mails.clear();
  }
  conclude(change, reply, to);
}

rt::Task<void> ImapReader::expunge() {
  if (examined_) co_return;
  std::string text = "EXPUNGE";
  ImapChange change{.box = box_, .on_mail = expunge_deleted};
  if (random_.chance(40)) {
    change.uids = some_uids(false, 8);
    if (change.uids.empty()) co_return;
    text = "UID EXPUNGE " + set_of_numbers(change.uids);
  } else {
    change.everything = true;
  }
  change.what = text + " in " + box_name_;
  ImapCommand command{{text}};
  ImapResponse reply = co_await change_by(change, std::move(command));
  conclude(change, reply);
}

rt::Task<void> ImapReader::close() {
  if (random_.chance(50)) {
    co_await ask("UNSELECT");
    co_return leave();
  }
  ImapChange change{.what = "CLOSE of " + box_name_, .box = box_, .on_mail = expunge_deleted};
  change.everything = !examined_;
  ImapCommand command{{"CLOSE"}};
  ImapResponse reply = co_await change_by(change, std::move(command));
  conclude(change, reply);
  if (reply.is("OK")) leave();
}

rt::Task<void> ImapReader::change_tree() {
  constexpr const char* names[] = {"f1", "f2", "f3", "f1/sub", "f2/sub"};
  std::string name = names[random_.below(std::size(names))], to = names[random_.below(std::size(names))];
  ImapChange change;
  uint64_t n = random_.below(10);
  if (n < 5) {
    int id = model_.new_box(name).id;
    change.what = "CREATE " + name;
    change.tree_before = [name](const ImapTree& tree) { return !tree.boxes.contains(name); };
    change.on_tree = [name, id](ImapTree& tree) { tree.boxes.try_emplace(name, id); };
  } else if (n < 6) {
    change.what = "DELETE " + name;
    change.tree_before = [name](const ImapTree& tree) { return tree.boxes.contains(name); };
    change.on_tree = [name](ImapTree& tree) { tree.boxes.erase(name); };
    change.deletes = name;
  } else if (n < 8) {
    change.what = "RENAME " + name + " " + to;
    auto is_moved = [name](const std::string& one) { return one == name || one.starts_with(name + "/"); };
    auto name_after = [name, to, is_moved](const std::string& one) {
      return is_moved(one) ? to + one.substr(name.size()) : one;
    };
    // None may get the name of another, neither the mailbox nor one below it.
    auto may_be = [to, is_moved, name_after](const ImapTree& tree) {
      bool any = false;
      std::set<std::string> after;
      for (const auto& [one, id] : tree.boxes) {
        any |= is_moved(one);
        after.insert(name_after(one));
      }
      return any && !tree.boxes.contains(to) && after.size() == tree.boxes.size();
    };
    change.tree_before = may_be;
    change.on_tree = [name_after, may_be](ImapTree& tree) {
      if (!may_be(tree)) return;
      std::map<std::string, int> boxes;
      for (const auto& [one, id] : tree.boxes) boxes[name_after(one)] = id;
      tree.boxes = std::move(boxes);
    };
  } else {
    bool subscribe = n == 8;
    change.what = (subscribe ? "SUBSCRIBE " : "UNSUBSCRIBE ") + name;
    change.on_tree = [name, subscribe](ImapTree& tree) {
      if (subscribe) tree.subscribed.insert(name);
      if (!subscribe) tree.subscribed.erase(name);
    };
  }
  ImapCommand command{{change.what}};
  ImapBox* selected = box_;
  ImapResponse reply = co_await change_by(change, std::move(command));
  conclude(change, reply);
  // Who deletes what he has selected has nothing selected any more.
  for (const ImapResponse& response : told_) {
    if (response.has_code("CLOSED") && selected == box_) leave();
  }
}

// Goes away in the middle of something.
rt::Task<void> ImapReader::break_off() {
  uint64_t n = random_.below(4);
  std::vector<uint32_t> uids = some_uids(true, 2);
  if (n == 0 && !uids.empty())
    co_await client_->send_piece("x STORE " + set_of(uids, false) + " +FLAGS (\\Del");
  if (n == 1) co_await client_->send_piece("x APPEND INBOX {100+}\r\nFrom: <nobody@imap.test>\r\n");
  if (n == 2) co_await client_->send_piece("x UID FETCH 1:* (BODY.PEEK[])\r\n");
  if (n == 3 && !uids.empty() && !examined_) {
    ImapChange change{.what = "STORE without waiting, in " + box_name_, .box = box_, .uids = uids};
    change.on_mail = [](ImapMailState& state) {
      if (state.present) state.flags.insert("\\Flagged");
    };
    co_await model_.begin(change);
    try {
      co_await client_->send_piece("x UID STORE " + set_of_numbers(uids) + " +FLAGS (\\Flagged)\r\n");
      if (random_.chance(50)) co_await rt::sleep_for(Duration(random_.up_to(20)));
    } catch (const io::IoError&) {
      // Nobody listens any more.
    }
    client_.reset();
    co_await rt::sleep_for(habits_.decided_after);
    model_.end(change, ImapEnd::lost);
  }
  leave();
  client_.reset();
}

}  // namespace pabal::simulation
