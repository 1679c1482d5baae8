// ValidatingResolver: DNSSEC where it can work. Many resolvers (routers, networks of
// companies and hotels) take the signatures out of their answers; behind one of them
// every answer would be bogus and no mail would ever leave. Whether the root's own
// records can be validated tells; where they cannot, answers are used as they come,
// and that is said.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "os/resolver.h"

namespace pabal::os {

enum class Dnssec {
  off,        // not wanted
  no_anchor,  // wanted, but there is nothing to check signatures by
  unknown,    // nobody could be asked yet; answers are validated
  works,
  stripped,  // cannot work behind this resolver; answers are not validated
};

class ValidatingResolver final : public io::Resolver {
 public:
  // Throws IoError as UnboundResolver does.
  explicit ValidatingResolver(ResolverOptions options);

  // Called whenever it becomes known whether validation works; on the loop that
  // found out. Before the first question.
  void on_verdict(std::function<void(Dnssec)> tell) { tell_ = std::move(tell); }

  // An answer that cannot be validated makes it look whether any can.
  rt::Task<io::DnsAnswer> resolve(std::string name, io::RecordType type, Instant deadline) override;

  // Looks whether the root's own records can be validated while that name is answered.
  // What cannot be told by the deadline stays as it was.
  rt::Task<Dnssec> probe(Instant deadline, std::string name = ".", io::RecordType type = io::RecordType::ns);

  Dnssec dnssec() const { return dnssec_; }

 private:
  UnboundResolver& plain();
  rt::Task<void> look_again(std::string name, io::RecordType type);
  void conclude(Dnssec verdict);

  const ResolverOptions options_;
  UnboundResolver validating_;
  std::function<void(Dnssec)> tell_;
  std::mutex mutex_;
  std::unique_ptr<UnboundResolver> plain_;  // made when it is needed
  std::atomic<Dnssec> dnssec_;
  std::atomic<bool> looking_{false};
  std::atomic<int64_t> look_not_before_us_{0};  // monotonic
};

}  // namespace pabal::os
