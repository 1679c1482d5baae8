#include "os/resolver.h"

#include <cerrno>
#include <csignal>
#include <poll.h>
#include <sys/eventfd.h>
#include <unbound.h>
#include <unistd.h>

#include "base/bytes.h"
#include "io/error.h"
#include "rt/event.h"

namespace pabal::os {

namespace {

using io::DnsAnswer;

constexpr int kClassIn = 1;
constexpr int kServFail = 2;
constexpr int kNxDomain = 3;

void require(int result, const std::string& what) {
  if (result != 0) throw io::IoError(io::IoFault::other, "resolver: " + what + ": " + ub_strerror(result));
}

std::string without_final_dot(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return name;
}

// libunbound: "192.0.2.1@5353".
std::string forwarder_text(const io::Endpoint& at) {
  return at.ip.to_string() + '@' + std::to_string(at.port == 0 ? 53 : at.port);
}

std::string rcode_text(int rcode) {
  switch (rcode) {
    case 1:
      return "FORMERR";
    case kServFail:
      return "SERVFAIL";
    case 4:
      return "NOTIMP";
    case 5:
      return "REFUSED";
    default:
      return "RCODE" + std::to_string(rcode);
  }
}

DnsAnswer temporary(std::string reason) {
  DnsAnswer answer;
  answer.reason = std::move(reason);
  return answer;
}

DnsAnswer to_answer(int error, const ub_result* result) {
  if (error != 0) return temporary(ub_strerror(error));
  if (result->bogus) {
    DnsAnswer answer = temporary(std::string("bogus: ") +
                                 (result->why_bogus != nullptr ? result->why_bogus : "not validated"));
    answer.security = io::Security::bogus;
    return answer;
  }
  DnsAnswer answer;
  answer.security = result->secure ? io::Security::secure : io::Security::insecure;
  answer.canonical_name = without_final_dot(result->canonname != nullptr ? result->canonname : result->qname);
  answer.ttl_seconds = static_cast<uint32_t>(result->ttl);
  if (result->rcode == kNxDomain) {
    answer.status = DnsAnswer::nx_domain;
  } else if (result->rcode != 0) {
    answer.reason = rcode_text(result->rcode);
  } else if (!result->havedata) {
    answer.status = DnsAnswer::no_data;
  } else {
    answer.status = DnsAnswer::ok;
    for (int i = 0; result->data[i] != nullptr; ++i) {
      answer.records.emplace_back(result->data[i], static_cast<size_t>(result->len[i]));
    }
  }
  return answer;
}

// Lives in the frame of resolve() until it is answered or cancelled.
struct Question {
  rt::Loop& home;
  rt::Event answered;
  bool done = false;
  DnsAnswer answer;
};

extern "C" void take_answer(void* argument, int error, ub_result* result) {
  auto* question = static_cast<Question*>(argument);
  DnsAnswer answer = to_answer(error, result);
  ub_resolve_free(result);
  question->home.post([question, answer = std::move(answer)]() mutable {
    question->answer = std::move(answer);
    question->done = true;
    question->answered.notify();
  });
}

}  // namespace

void UnboundResolver::Delete::operator()(ub_ctx* context) const {
  ub_ctx_delete(context);
}

UnboundResolver::UnboundResolver(const ResolverOptions& options) : context_(ub_ctx_create()) {
  ub_ctx* context = context_.get();
  if (context == nullptr) throw io::IoError(io::IoFault::other, "resolver: libunbound does not start");
  auto set = [context](const char* option, const std::string& value) {
    require(ub_ctx_set_option(context, option, value.c_str()), option + (' ' + value));
  };
  // The answers of one mail server; its queue asks again anyway.
  set("msg-cache-size:", "1m");
  set("rrset-cache-size:", "2m");
  set("key-cache-size:", "1m");
  set("neg-cache-size:", "256k");
  // A forwarder that was away is found again soon.
  set("infra-keep-probing:", "yes");
  for (const io::Endpoint& forwarder : options.forwarders) {
    if (forwarder.ip.is_loopback()) set("do-not-query-localhost:", "no");
    std::string text = forwarder_text(forwarder);
    require(ub_ctx_set_fwd(context, text.c_str()), "forwarder " + text);
  }
  if (options.use_resolv_conf) {
    // The name server there is often 127.0.0.53.
    set("do-not-query-localhost:", "no");
    require(ub_ctx_resolvconf(context, nullptr), "/etc/resolv.conf");
  }
  for (const std::string& anchor : options.trust_anchors) {
    require(ub_ctx_add_ta(context, anchor.c_str()), "trust anchor " + anchor);
  }
  if (!options.trust_anchor_file.empty()) {
    require(ub_ctx_add_ta_autr(context, options.trust_anchor_file.c_str()), options.trust_anchor_file);
  }
  for (const std::string& zone : options.private_zones) set("domain-insecure:", zone);
  require(ub_ctx_async(context, 1), "threads");
  // Removing a zone fixes all other options, so it comes last; with the first
  // one libunbound says what is wrong with them.
  require(ub_ctx_zone_remove(context, "."), "options");
  for (const std::string& zone : options.private_zones) {
    // The reserved zone may be any of those above it.
    for (std::string name = without_final_dot(zone); !name.empty();) {
      require(ub_ctx_zone_remove(context, (name + '.').c_str()), "zone " + name);
      size_t dot = name.find('.');
      name.erase(0, dot == std::string::npos ? dot : dot + 1);
    }
  }
  stop_ = eventfd(0, EFD_CLOEXEC);
  if (stop_ < 0) throw io::IoError::from_errno(errno, "eventfd");
  thread_ = std::thread([this] { process(); });
}

UnboundResolver::~UnboundResolver() {
  uint64_t one = 1;
  [[maybe_unused]] ssize_t n = write(stop_, &one, sizeof one);
  thread_.join();
  close(stop_);
}

void UnboundResolver::process() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pollfd waiting[2] = {{.fd = ub_fd(context_.get()), .events = POLLIN}, {.fd = stop_, .events = POLLIN}};
  for (;;) {
    if (poll(waiting, 2, -1) < 0) continue;
    if (waiting[1].revents != 0) return;
    ub_process(context_.get());
  }
}

rt::Task<DnsAnswer> UnboundResolver::resolve(std::string name, io::RecordType type, Instant deadline) {
  Question question{rt::Loop::current()};
  name = to_lower(name);  // the names in the answer repeat how the question wrote them
  int id = 0;
  int error = ub_resolve_async(context_.get(), name.c_str(), static_cast<int>(type), kClassIn, &question,
                               take_answer, &id);
  if (error != 0) co_return temporary(ub_strerror(error));
  while (!question.done) {
    rt::Wake why = co_await question.answered.wait(deadline);
    if (question.done || why != rt::Wake::deadline) continue;
    if (ub_cancel(context_.get(), id) == 0) co_return temporary("timeout");
    // Too late: the answer is on its way to us, and it needs the question.
    deadline = Instant::never();
  }
  co_return std::move(question.answer);
}

}  // namespace pabal::os
