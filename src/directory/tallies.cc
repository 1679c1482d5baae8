#include "directory/tallies.h"

#include <algorithm>

namespace pabal::directory {

Duration Tallies::delay(int failures) const {
  constexpr int kDoublingsMax = 10;
  if (failures == 0) return Duration(0);
  return std::min(kDelayMax, delay_ * (1 << std::min(failures - 1, kDoublingsMax)));
}

void Tallies::count(Tally& tally, Instant now) {
  if (tally.last + kForgottenAfter < now) tally.failures = 0;
  if (tally.failures < INT32_MAX) ++tally.failures;
  tally.last = now;
}

const std::string& Tallies::kept_name(const std::string& account) {
  static const std::string too_long;
  return account.size() <= kNameOctetsMax ? account : too_long;
}

Duration Tallies::turn(const io::IpAddress& peer, const std::string& account, Instant now) {
  const io::IpAddress host = peer.host();
  std::lock_guard lock(mutex_);
  Instant* trusted = trusted_.find({host, kept_name(account)});
  if (trusted != nullptr && *trusted >= now) return Duration(0);
  Tally* tally = hosts_.find(host);
  if (tally == nullptr || tally->last + kForgottenAfter < now) return Duration(0);
  Instant at = std::min(std::max(now, tally->next), now + kDelayMax);
  tally->next = at + delay(tally->failures);
  return std::chrono::ceil<Duration>(at - now);
}

Duration Tallies::failed(const io::IpAddress& peer, const std::string& account, Instant now) {
  const io::IpAddress host = peer.host();
  std::lock_guard lock(mutex_);
  // Whoever guesses from there may be the one who shares it.
  if (Instant* trusted = trusted_.find({host, kept_name(account)})) *trusted = now;
  Tally& at_account = accounts_[kept_name(account)];
  count(at_account, now);
  Tally& tally = hosts_[host];
  count(tally, now);
  Duration held = delay(std::max(tally.failures, at_account.failures));
  tally.next = std::max(tally.next, now + held);
  return held;
}

void Tallies::succeeded(const io::IpAddress& peer, const std::string& account, Instant now) {
  std::lock_guard lock(mutex_);
  trusted_[{peer.host(), kept_name(account)}] = now + kTrustedFor;
}

}  // namespace pabal::directory
