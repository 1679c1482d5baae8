#include "os/validating_resolver.h"

#include <chrono>

#include "rt/loop.h"

namespace pabal::os {

namespace {

using io::DnsAnswer;

constexpr Duration kLookFor = std::chrono::seconds(10);
// A network that comes and goes must not make every question a probe; a proof is
// good until the resolver may have become another one.
constexpr std::chrono::microseconds kAfterAttempt = std::chrono::minutes(1);
constexpr std::chrono::microseconds kAfterProof = std::chrono::minutes(10);
constexpr std::chrono::microseconds kAfterDisproof = std::chrono::hours(1);

int64_t monotonic_us() {
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

ResolverOptions without_anchors(ResolverOptions options) {
  options.trust_anchors.clear();
  options.trust_anchor_file.clear();
  return options;
}

Dnssec at_first(const ResolverOptions& options) {
  if (!options.trust_anchors.empty() || !options.trust_anchor_file.empty()) return Dnssec::unknown;
  return options.validate ? Dnssec::no_anchor : Dnssec::off;
}

}  // namespace

ValidatingResolver::ValidatingResolver(ResolverOptions options)
    : options_(std::move(options)), validating_(options_), dnssec_(at_first(options_)) {}

UnboundResolver& ValidatingResolver::plain() {
  std::lock_guard lock(mutex_);
  if (!plain_) plain_ = std::make_unique<UnboundResolver>(without_anchors(options_));
  return *plain_;
}

rt::Task<DnsAnswer> ValidatingResolver::resolve(std::string name, io::RecordType type, Instant deadline) {
  if (dnssec_ == Dnssec::stripped) co_await look_again(name, type);
  if (dnssec_ == Dnssec::stripped) co_return co_await plain().resolve(name, type, deadline);
  DnsAnswer answer = co_await validating_.resolve(name, type, deadline);
  bool doubtful = answer.security == io::Security::bogus ||
                  (answer.status == DnsAnswer::temporary && dnssec_ == Dnssec::unknown);
  if (!doubtful) co_return answer;
  co_await look_again(name, type);
  if (dnssec_ == Dnssec::stripped) co_return co_await plain().resolve(name, type, deadline);
  co_return answer;
}

// One at a time, and not too often: the others make do with the answer they have.
rt::Task<void> ValidatingResolver::look_again(std::string name, io::RecordType type) {
  if (monotonic_us() < look_not_before_us_ || looking_.exchange(true)) co_return;
  look_not_before_us_ = monotonic_us() + kAfterAttempt.count();
  co_await probe(rt::Loop::current().now() + kLookFor, std::move(name), type);
  looking_ = false;
}

// Resolvers of its own, because others remember what was answered in another network.
rt::Task<Dnssec> ValidatingResolver::probe(Instant deadline, std::string name, io::RecordType type) {
  if (dnssec_ == Dnssec::off || dnssec_ == Dnssec::no_anchor) co_return dnssec_;
  UnboundResolver unsigned_resolver(without_anchors(options_));
  DnsAnswer as_it_comes = co_await unsigned_resolver.resolve(std::move(name), type, deadline);
  if (as_it_comes.status == DnsAnswer::temporary) co_return dnssec_;
  UnboundResolver signed_resolver(options_);
  DnsAnswer validated = co_await signed_resolver.resolve(".", io::RecordType::ns, deadline);
  if (validated.security == io::Security::secure) {
    look_not_before_us_ = monotonic_us() + kAfterProof.count();
    conclude(Dnssec::works);
  } else if (validated.status == DnsAnswer::temporary) {
    // Bogus, or no answer at all to the questions that only a validator asks.
    look_not_before_us_ = monotonic_us() + kAfterDisproof.count();
    conclude(Dnssec::stripped);
  }
  co_return dnssec_;
}

void ValidatingResolver::conclude(Dnssec verdict) {
  if (dnssec_.exchange(verdict) != verdict && tell_) tell_(verdict);
}

}  // namespace pabal::os
