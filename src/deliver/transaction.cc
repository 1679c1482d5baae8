#include "deliver/transaction.h"

#include <algorithm>

#include "base/bytes.h"
#include "deliver/envelope.h"
#include "deliver/replies.h"
#include "proto/smtp/data.h"
#include "proto/smtp/path.h"

namespace pabal::deliver {

namespace {

namespace smtp = proto::smtp;
using smtp::Reply;

// Pipelined commands that wait for their replies: less than any TCP window, so
// that both sides never wait for each other.
constexpr size_t kPipelineOctets = 8 * 1024;
constexpr size_t kLastBlockOctets = 64 * 1024;
constexpr int kClosing = 421;

// 421, or "go on" where nothing was to be gone on with: commands and replies
// have come apart, and the next reply could be taken for another one's.
bool breaks_off(const Reply& reply) {
  return reply.code == kClosing || (reply.code >= 300 && reply.code < 400);
}

class Transaction {
 public:
  Transaction(SmtpClient& client, const DelivererOptions& options,
              const std::vector<const queue::Entry*>& recipients, TransactionResult& result)
      : client_(client), timeouts_(options.timeouts), recipients_(recipients), result_(result) {
    result_.outcomes.resize(recipients.size());
    max_ = std::min<uint64_t>(options.recipients_per_mail, client.can().limits.rcpt_max.value_or(UINT64_MAX));
    if (max_ == 0) max_ = 1;
  }

  // Throws IoError.
  rt::Task<void> run(Outgoing& mail, Form form);

  bool text_is_out() const { return text_is_out_; }
  // For those whose end is open when the connection broke after the text.
  void lost_after_text(const Outcome& lost);

 private:
  struct Sent {
    size_t recipient;
    std::string line;
  };

  bool prepare(const Outgoing& mail, const Form& form);
  rt::Task<void> say_envelope(bool with_data);
  rt::Task<void> say_pipelined(bool with_data);
  rt::Task<void> say_one_by_one(bool with_data);
  rt::Task<void> send_text(Form form);
  void mail_answer(const Reply& reply);
  void rcpt_answer(size_t recipient, const Reply& reply);
  void data_answer(const Reply& reply);
  void closing(const Reply& reply);
  void decide(size_t recipient, Outcome outcome) { result_.outcomes[recipient] = std::move(outcome); }
  void decide_accepted(const Outcome& outcome);
  const std::string& host() const { return client_.host(); }

  SmtpClient& client_;
  const Timeouts& timeouts_;
  const std::vector<const queue::Entry*>& recipients_;
  TransactionResult& result_;
  uint64_t max_ = 0;
  std::string mail_;
  std::vector<Sent> rcpts_;
  bool mail_ok_ = false;
  bool go_ahead_ = false;  // 354
  std::vector<size_t> accepted_;
  bool text_is_out_ = false;
};

// The commands; who cannot be reached over this server is decided here.
bool Transaction::prepare(const Outgoing& mail, const Form& form) {
  const smtp::Capabilities& can = client_.can();
  Outcome not_utf8 = failed("5.6.7", host() + " does not take internationalised addresses (SMTPUTF8)");
  not_utf8.remote_mta = host();
  bool utf8 = form.utf8_headers || is_international(mail.record().reverse_path);
  for (size_t i = 0; i < recipients_.size(); ++i) {
    auto line = rcpt_command(*recipients_[i], can);
    if (!line) {
      decide(i, not_utf8);
    } else if (rcpts_.size() < max_) {
      utf8 = utf8 || !is_ascii(*line);
      rcpts_.push_back({i, std::move(*line)});
    }
  }
  auto line = mail_command(mail, form, can, utf8 && can.smtputf8);
  if (!line) {
    for (const Sent& rcpt : rcpts_) decide(rcpt.recipient, not_utf8);
    return false;
  }
  mail_ = std::move(*line);
  return !rcpts_.empty();
}

rt::Task<void> Transaction::run(Outgoing& mail, Form form) {
  if (!prepare(mail, form)) co_return;
  if (client_.needs_reset) {
    Reply reset = co_await client_.command("RSET", timeouts_.mail);
    if (!reset.is_positive()) {
      closing(reset);
      co_return;
    }
    client_.needs_reset = false;
  }
  ++client_.mails;
  co_await say_envelope(!form.chunking);
  if (result_.lost) co_return;
  client_.needs_reset = mail_ok_;
  bool send = form.chunking ? !accepted_.empty() : go_ahead_;
  if (send) co_await send_text(form);
}

rt::Task<void> Transaction::say_envelope(bool with_data) {
  if (client_.can().pipelining) {
    co_await say_pipelined(with_data);
  } else {
    co_await say_one_by_one(with_data);
  }
}

rt::Task<void> Transaction::say_pipelined(bool with_data) {
  std::vector<const std::string*> lines = {&mail_};
  for (const Sent& rcpt : rcpts_) lines.push_back(&rcpt.line);
  const std::string data = "DATA";
  // DATA is the last of a group (RFC 2920 §3.1).
  if (with_data) lines.push_back(&data);
  size_t answered = 0;
  for (size_t said = 0; said < lines.size();) {
    client_.queue(*lines[said++]);
    if (said < lines.size() && client_.queued_octets() < kPipelineOctets) continue;
    co_await client_.flush(timeouts_.mail);
    for (; answered < said; ++answered) {
      bool is_data = answered > rcpts_.size();
      Reply reply = co_await client_.reply(is_data ? timeouts_.data_start : timeouts_.rcpt);
      if (answered == 0) {
        mail_answer(reply);
      } else if (is_data) {
        data_answer(reply);
      } else if (mail_ok_ && !result_.lost) {
        rcpt_answer(rcpts_[answered - 1].recipient, reply);
      }
      if (reply.code == kClosing && !result_.lost) closing(reply);
      if (result_.lost) co_return;
    }
  }
}

rt::Task<void> Transaction::say_one_by_one(bool with_data) {
  Reply reply = co_await client_.command(mail_, timeouts_.mail);
  mail_answer(reply);
  for (size_t i = 0; mail_ok_ && !result_.lost && i < rcpts_.size(); ++i) {
    reply = co_await client_.command(rcpts_[i].line, timeouts_.rcpt);
    rcpt_answer(rcpts_[i].recipient, reply);
  }
  if (accepted_.empty() || !with_data || result_.lost) co_return;
  reply = co_await client_.command("DATA", timeouts_.data_start);
  data_answer(reply);
}

void Transaction::closing(const Reply& reply) {
  result_.lost = outcome_of(reply, host());
  result_.lost->kind = Outcome::delayed;
  if (!result_.lost->status.starts_with('4')) result_.lost->status = "4.4.2";
}

void Transaction::mail_answer(const Reply& reply) {
  if (breaks_off(reply)) return closing(reply);
  result_.answered = true;
  mail_ok_ = reply.code >= 200 && reply.code < 300;
  if (mail_ok_) return;
  for (const Sent& rcpt : rcpts_) decide(rcpt.recipient, outcome_of(reply, host()));
}

void Transaction::rcpt_answer(size_t recipient, const Reply& reply) {
  if (breaks_off(reply)) return closing(reply);
  if (reply.code >= 200 && reply.code < 300) {
    accepted_.push_back(recipient);
  } else if (accepted_.empty() || !says_too_many_recipients(reply)) {
    decide(recipient, outcome_of(reply, host()));
  }
}

void Transaction::data_answer(const Reply& reply) {
  go_ahead_ = reply.code == 354;
  if (go_ahead_) return;
  if (reply.code == kClosing || reply.is_positive()) return closing(reply);
  if (!accepted_.empty()) decide_accepted(outcome_of(reply, host()));
}

void Transaction::decide_accepted(const Outcome& outcome) {
  for (size_t recipient : accepted_) decide(recipient, outcome);
  accepted_.clear();
}

rt::Task<void> Transaction::send_text(Form form) {
  std::string stuffed;
  std::string_view wire;
  if (form.chunking) {
    client_.queue("BDAT " + std::to_string(form.text.size()) + " LAST");
    co_await client_.flush(timeouts_.data_block);
    wire = form.text;
  } else {
    client_.expect_reply();
    // Everybody was refused, and the server waits for a message all the same:
    // it gets an empty one (RFC 2920 §3.1).
    stuffed = accepted_.empty() ? ".\r\n" : smtp::dot_stuff(form.text);
    wire = stuffed;
  }
  size_t last = wire.size() <= kLastBlockOctets ? 0 : wire.size() - kLastBlockOctets;
  co_await client_.send_text(wire.substr(0, last), timeouts_.data_block);
  text_is_out_ = true;
  co_await client_.send_text(wire.substr(last), timeouts_.data_block);
  Reply reply = co_await client_.reply(timeouts_.data_end);
  client_.needs_reset = false;
  Outcome outcome = outcome_of(reply, host());
  outcome.dsn_passed_on = outcome.kind == Outcome::relayed && client_.can().dsn;
  decide_accepted(outcome);
  if (reply.code == kClosing) closing(reply);
}

void Transaction::lost_after_text(const Outcome& lost) {
  Outcome outcome = lost;
  outcome.reason += "; the whole mail was sent, so it may have arrived, and may arrive twice";
  decide_accepted(outcome);
}

}  // namespace

rt::Task<TransactionResult> run_transaction(io::World& world, SmtpClient& client, Outgoing& mail,
                                            const std::vector<const queue::Entry*>& recipients,
                                            const DelivererOptions& options, Dialogue& dialogue) {
  TransactionResult result;
  std::expected<Form, Outcome> form = co_await mail.form_for(world, client.can());
  if (!form) {
    Outcome outcome = form.error();
    outcome.remote_mta = client.host();
    result.outcomes.assign(recipients.size(), outcome);
    result.answered = true;
    co_return result;
  }
  Transaction transaction(client, options, recipients, result);
  try {
    co_await transaction.run(mail, *form);
  } catch (const io::IoError& error) {
    dialogue.note(error.what());
    Outcome lost = delayed("4.4.2", error.what());
    lost.remote_mta = client.host();
    if (transaction.text_is_out()) transaction.lost_after_text(lost);
    result.lost = std::move(lost);
  }
  co_return result;
}

}  // namespace pabal::deliver
