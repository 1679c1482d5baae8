#include "sim/resolver.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/verify.h"

namespace pabal::sim {

namespace dns = proto::dns;

namespace {

std::string canonical(std::string_view name) {
  auto normal = dns::normalize_name(name);
  verify(normal.has_value(), "a domain name is well-formed");
  return *normal;
}

// "mx.seoul.test" → "seoul.test".
std::string_view last_two_labels(std::string_view name) {
  size_t dot = name.rfind('.');
  if (dot != std::string_view::npos && dot > 0) dot = name.rfind('.', dot - 1);
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

io::DnsAnswer temporary(std::string reason, io::Security security = io::Security::insecure) {
  io::DnsAnswer answer;
  answer.security = security;
  answer.reason = std::move(reason);
  return answer;
}

}  // namespace

void SimResolver::add(std::string_view record) {
  auto parsed = dns::parse_record(record);
  verify(parsed.has_value(), "a scenario's DNS record is well-formed");
  if (zones_.add(record)) return;
  zones_.zone(last_two_labels(parsed->name));
  auto added = zones_.add(record);
  verify(added.has_value(), "a scenario's DNS record fits its zone");
}

void SimResolver::fail(const std::string& name, std::optional<DnsFault> fault) {
  failing_.erase(canonical(name));
  if (fault) failing_.emplace(canonical(name), *fault);
}

bool SimResolver::is_signed(std::string_view name) const {
  return std::ranges::any_of(signed_, [&](const auto& zone) { return dns::is_within(name, zone); });
}

rt::Task<io::DnsAnswer> SimResolver::resolve(std::string name, io::RecordType type, Instant deadline) {
  std::string question = to_text(static_cast<dns::Type>(type)) + ' ' + name;
  bool fails = faults_.operation("dns.resolve", question);
  std::optional<std::string> normal = dns::normalize_name(name);
  if (!normal) co_return temporary("malformed name");

  auto found = failing_.find(*normal);
  std::optional<DnsFault> fault;
  if (found != failing_.end()) fault = found->second;
  Instant back = poller_.now() + latency_;
  if (fault == DnsFault::timeout || back > deadline) {
    co_await rt::sleep_until(deadline);
    co_return temporary("timeout");
  }
  co_await rt::sleep_until(back);
  if (fails || fault == DnsFault::serv_fail) co_return temporary("SERVFAIL");
  if (fault == DnsFault::bogus) co_return temporary("bogus: no valid signature", io::Security::bogus);
  io::DnsAnswer result = answer(*normal, type);
  fingerprint_.mix(static_cast<uint64_t>(result.status));
  for (const std::string& record : result.records) fingerprint_.mix(record);
  co_return result;
}

io::DnsAnswer SimResolver::answer(const std::string& name, io::RecordType type) const {
  dns::Message query;
  query.recursion_desired = true;
  query.questions.push_back({name, static_cast<dns::Type>(type)});
  dns::Message reply = zones_.answer(query);

  io::DnsAnswer answer;
  answer.canonical_name = name;
  bool secure = is_signed(name);
  uint32_t ttl = UINT32_MAX;
  for (const dns::Record& record : reply.answers) {
    if (record.name != answer.canonical_name) continue;
    if (record.type == static_cast<dns::Type>(type)) {
      answer.records.push_back(record.rdata);
      ttl = std::min(ttl, record.ttl);
    } else if (record.type == dns::Type::cname) {
      size_t offset = 0;
      auto target = dns::decode_name(record.rdata, offset);
      verify(target.has_value(), "a CNAME of a zone holds a name");
      answer.canonical_name = *target;
      secure = secure && is_signed(*target);
      ttl = std::min(ttl, record.ttl);
    }
  }
  answer.security = secure ? io::Security::secure : io::Security::insecure;
  if (!answer.records.empty()) {
    answer.status = io::DnsAnswer::ok;
    answer.ttl_seconds = ttl;
  } else if (reply.rcode == dns::Rcode::serv_fail) {
    return temporary("SERVFAIL");
  } else if (reply.rcode == dns::Rcode::no_error) {
    answer.status = io::DnsAnswer::no_data;
  } else {
    // A name in none of our zones is in no zone at all: this is the whole world.
    answer.status = io::DnsAnswer::nx_domain;
  }
  return answer;
}

}  // namespace pabal::sim
