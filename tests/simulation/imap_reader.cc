#include "imap_reader.h"

#include <algorithm>

#include "base/bytes.h"
#include "io/error.h"
#include "rt/loop.h"

namespace pabal::simulation {

namespace {

const std::string kNames[] = {"INBOX", "INBOX", "INBOX", "INBOX", "Archive", "f1", "f2", "f1/sub"};

std::string base64(std::string_view in) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < in.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (i + j < in.size() ? static_cast<uint8_t>(in[i + j]) : 0);
    for (size_t j = 0; j < 4; ++j) out += i + j > in.size() ? '=' : alphabet[bits >> (18 - 6 * j) & 63];
  }
  return out;
}

}  // namespace

void ImapReader::complain(const std::string& what) {
  model_.violation(name_ + (box_name_.empty() ? "" : " in " + box_name_) + ", " +
                   (client_ ? client_->last_tag() : "") + ": " + what);
}

const std::string& ImapReader::some_name() {
  return kNames[random_.below(std::size(kNames))];
}

std::string ImapReader::mailbox(const std::string& name) {
  return random_.chance(50) ? "\"" + name + "\"" : name;
}

rt::Task<ImapResponse> ImapReader::ask(std::string command, bool renumbers) {
  told_.clear();
  fetched_.clear();
  co_return co_await client_->ask({{std::move(command)}, renumbers});
}

// Nothing of what others do meanwhile belongs into the answer to SELECT (RFC 9051 §6.3.2).
void ImapReader::hear_while_selecting(const ImapResponse& response) {
  if (selecting_ < 0) return;
  if (response.is_data("EXISTS")) ++selecting_;
  bool earlier = response.values.size() == 3;
  bool removes = response.is_data("EXPUNGE") || (response.is("VANISHED") && !earlier);
  if (removes || selecting_ > 1) complain("SELECT tells of what others have changed meanwhile");
}

void ImapReader::learn_modseq(const ImapResponse& response) {
  if (response.has_code("HIGHESTMODSEQ") && response.code.size() == 2)
    highest_modseq_ = response.code[1].number().value_or(0);
  if (response.tag == "*") return;
  known_modseq_ = highest_modseq_.value_or(std::max(known_modseq_, fetched_modseq_));
  highest_modseq_.reset();
  fetched_modseq_ = 0;
}

void ImapReader::hear(const ImapResponse& response, bool renumbers) {
  learn_modseq(response);
  if (response.tag != "*") return;
  hear_while_selecting(response);
  if (std::optional<ImapFetched> fetched = parse_fetch(response)) {
    if (std::string wrong = view_.hear(*fetched); !wrong.empty()) complain(wrong);
    uint32_t uid = fetched->uid;
    const std::vector<ImapView::Entry>& entries = view_.entries();
    if (uid == 0 && fetched->number >= 1 && fetched->number <= entries.size())
      uid = entries[fetched->number - 1].uid;
    fetched->uid = uid;
    fetched_modseq_ = std::max(fetched_modseq_, fetched->modseq);
    if (box_ == nullptr) {
      too_early_.push_back(*fetched);
    } else if (uid != 0) {
      model_.see_mail(*box_, uid,
                      {fetched->flags ? &*fetched->flags : nullptr, fetched->modseq, fetched->size_octets,
                       fetched->internal_date},
                      known_below_);
    }
    fetched_.push_back(std::move(*fetched));
    return;
  }
  if (response.is_data("EXISTS") || response.is_data("EXPUNGE") || response.is("VANISHED")) {
    vanished_ |= response.is("VANISHED") && response.values.size() == 3;
    std::string wrong = view_.hear(response, renumbers, enabled_ == Enabled::qresync);
    if (!wrong.empty()) complain(wrong);
    return;
  }
  told_.push_back(response);
}

rt::Task<bool> ImapReader::connect() {
  client_.reset();
  box_ = nullptr;
  box_name_.clear();
  enabled_ = Enabled::nothing;
  silenced_ = false;
  rev2_ = condstore_ = false;
  selecting_ = -1;
  view_.clear();
  Instant patience = rt::Loop::current().now() + std::chrono::minutes(5);
  std::unique_ptr<io::Stream> stream = co_await world_.net.connect(server_, patience);
  client_ = std::make_unique<ImapClient>(
      std::move(stream), name_ + "@" + model_.address(), ledger_,
      [this](const ImapResponse& response, bool renumbers) { hear(response, renumbers); });
  ImapResponse greeting = co_await client_->greeting();
  if (!greeting.is("OK")) co_return false;
  bool offered = false;
  for (const ImapValue& value : greeting.code) offered |= value.is("STARTTLS");
  if (offered && random_.chance(10)) {
    ImapResponse reply = co_await ask("STARTTLS");
    if (!reply.is("OK")) co_return false;
    co_await client_->encrypt(tls_);
    ledger_.mark("mail read by IMAP and STARTTLS");
  }
  bool in = co_await log_in();
  if (in && habits_.compresses > 0 && random_.chance(habits_.compresses)) {
    ImapResponse reply = co_await ask("COMPRESS DEFLATE");
    if (!reply.is("OK")) co_return false;
    client_->compress();
    ledger_.mark("mail read by COMPRESS");
  }
  co_return in;
}

rt::Task<bool> ImapReader::log_in() {
  const std::string& user = model_.address();
  std::string response = base64(std::string(1, '\0') + user + std::string(1, '\0') + "secret");
  ImapResponse reply;
  switch (random_.below(4)) {
    case 0:
      reply = co_await ask("LOGIN " + user + " secret");
      break;
    case 1: {
      told_.clear();
      ImapCommand command{{"LOGIN \"" + user + "\" {6}", "secret"}};
      reply = co_await client_->ask(std::move(command));
      break;
    }
    case 2:
      reply = co_await ask("AUTHENTICATE PLAIN " + response);
      break;
    default: {
      ImapCommand command{{"authenticate plain"}};
      std::string tag = co_await client_->send(std::move(command));
      bool go_on = co_await client_->continuation();
      if (go_on) co_await client_->send_line(response);
      reply = co_await client_->wait(tag);
    }
  }
  co_return reply.is("OK");
}

rt::Task<void> ImapReader::enable() {
  std::string what;
  if (random_.chance(35) || !cut_in_.empty()) {
    enabled_ = Enabled::qresync;
    what = " QRESYNC";
  } else if (random_.chance(40)) {
    enabled_ = Enabled::condstore;
    what = " CONDSTORE";
  }
  condstore_ = enabled_ != Enabled::nothing;
  if (random_.chance(30)) {
    rev2_ = true;
    what += " IMAP4rev2";
    client_->allow_eight_bit();
  }
  if (!what.empty()) co_await ask("ENABLE" + what);
}

rt::Task<void> ImapReader::session() {
  bool in = co_await connect();
  if (!in) co_return;
  co_await enable();
  if (!cut_in_.empty()) {
    ledger_.count("mailboxes compared after a cut");
    co_await select(std::exchange(cut_in_, ""), false);
  }
  for (uint64_t n = random_.up_to(20); n > 0 && client_; --n) {
    if (random_.chance(40)) co_await rt::sleep_for(pause(5'000));
    if (habits_.cuts > 0 && random_.chance(habits_.cuts)) {
      // In the middle of nothing: what was told until then is what the client knows.
      std::string name = box_name_;
      leave();
      if (remembered_.contains(name)) cut_in_ = name;
      client_.reset();
      co_return;
    }
    if (habits_.asks_more && random_.chance(25)) {
      co_await ask_more();
    } else {
      co_await do_something();
    }
  }
  if (!client_) co_return;
  ImapResponse reply = co_await ask("LOGOUT");
  if (!reply.is("OK")) complain("NO to LOGOUT");
  leave();
}

rt::Task<void> ImapReader::do_something() {
  uint64_t n = random_.below(100);
  if (box_ == nullptr && n < 80) {
    co_await select(some_name(), random_.chance(15));
    co_return;
  }
  if (n < 6 || box_ == nullptr) {
    n = random_.below(5);
    if (n == 0) co_await list();
    if (n == 1) co_await status();
    if (n >= 2) co_await change_tree();
  } else if (n < 12) {
    co_await select(some_name(), random_.chance(15));
  } else if (n < 20) {
    co_await poll();
  } else if (n < 30) {
    co_await read_mails(random_.up_to(5), false);
  } else if (n < 36) {
    co_await fetch_something();
  } else if (n < 52) {
    co_await store();
  } else if (n < 64) {
    co_await append();
  } else if (n < 72) {
    co_await copy();
  } else if (n < 80) {
    co_await expunge();
  } else if (n < 87) {
    co_await search();
  } else if (n < 92) {
    co_await idle();
  } else if (n < 94) {
    co_await pipeline();
  } else if (n < 96) {
    co_await close();
  } else if (n < 98) {
    co_await read_and_mark();
  } else {
    co_await break_off();
  }
}

rt::Task<void> ImapReader::live(const bool& over, Duration active) {
  while (!over) {
    co_await rt::sleep_for(Duration(random_.up_to(static_cast<uint64_t>(active.count()) / 6)) /
                           habits_.haste);
    if (over) break;
    try {
      co_await session();
    } catch (const io::IoError& e) {
      ledger_.note(name_ + "@" + model_.address() + ": " + e.what());
    }
    leave();
    client_.reset();
  }
}

rt::Task<bool> ImapReader::check_all() {
  bool through = false;
  try {
    bool in = co_await connect();
    if (in) {
      std::optional<std::set<std::string>> names = co_await list();
      if (!names) complain("LIST is declined although nothing is broken any more");
      for (const std::string& name : names.value_or(std::set<std::string>())) {
        bool selected = co_await select(name, random_.chance(50));
        if (!selected) complain(name + " is listed and cannot be selected");
        if (selected) co_await read_mails(SIZE_MAX, true);
      }
      co_await ask("LOGOUT");
      through = true;
    }
  } catch (const io::IoError& e) {
    ledger_.note(name_ + "@" + model_.address() + ": " + e.what());
  }
  client_.reset();
  co_return through;
}

}  // namespace pabal::simulation
