#include "proto/dns/zone.h"

#include <algorithm>

#include "base/verify.h"
#include "proto/dns/rdata.h"

namespace pabal::proto::dns {

namespace {

constexpr int kCnameChainMax = 16;
constexpr uint32_t kSoaTtl = 300;  // seconds

}  // namespace

Zone::Zone(std::string_view apex) {
  auto name = normalize_name(apex);
  verify(name.has_value(), "a zone has a valid name");
  apex_ = *std::move(name);
  std::string host = apex_.empty() ? "ns" : "ns." + apex_;
  std::string mailbox = apex_.empty() ? "hostmaster" : "hostmaster." + apex_;
  Soa soa{host, mailbox, 1, 3600, 600, 86400, 60};
  auto soa_added = add(Record{apex_, Type::soa, kClassIn, kSoaTtl, make_soa(soa)});
  auto ns_added = add(Record{apex_, Type::ns, kClassIn, kSoaTtl, make_name_rdata(host)});
  verify(soa_added && ns_added, "a new zone takes its SOA and NS");
}

std::expected<void, std::string> Zone::add(const Record& record) {
  if (!is_within(record.name, apex_)) return std::unexpected(record.name + " is not in the zone " + apex_);
  if (record.type == Type::soa) {
    if (record.name != apex_) return std::unexpected("a SOA stands at the top of its zone only: " + apex_);
    remove(apex_, Type::soa);
  }
  if (record.type == Type::cname) {
    auto others = records_of(record.name);
    if (!others.empty() && others != std::vector{record})
      return std::unexpected("a CNAME must stand alone: " + record.name);
  } else if (find(record.name, Type::cname)) {
    return std::unexpected("nothing may stand beside the CNAME of " + record.name);
  }
  auto& set = records_[{record.name, record.type}];
  if (std::ranges::find(set, record.rdata, &Record::rdata) != set.end()) return {};
  set.push_back(record);
  for (std::string_view name = record.name;; name = parent(name)) {
    ++names_[std::string(name)];
    if (name == apex_) break;
  }
  return {};
}

std::expected<void, std::string> Zone::add(std::string_view line) {
  auto record = parse_record(line);
  if (!record) return std::unexpected(record.error());
  return add(*record);
}

void Zone::remove(std::string_view name, Type type) {
  auto canonical = normalize_name(name);
  if (!canonical) return;
  auto found = records_.find({*canonical, type});
  if (found == records_.end()) return;
  size_t count = found->second.size();
  records_.erase(found);
  for (std::string_view up = *canonical;; up = parent(up)) {
    auto counter = names_.find(std::string(up));
    counter->second -= count;
    if (counter->second == 0) names_.erase(counter);
    if (up == apex_) break;
  }
}

const std::vector<Record>* Zone::find(std::string_view name, Type type) const {
  auto found = records_.find({std::string(name), type});
  return found == records_.end() ? nullptr : &found->second;
}

bool Zone::exists(std::string_view name) const {
  return names_.contains(std::string(name));
}

std::vector<Record> Zone::records_of(std::string_view name) const {
  std::vector<Record> out;
  for (auto at = records_.lower_bound({std::string(name), Type{}});
       at != records_.end() && at->first.first == name; ++at)
    out.insert(out.end(), at->second.begin(), at->second.end());
  return out;
}

const Record& Zone::soa() const {
  const auto* set = find(apex_, Type::soa);
  verify(set && !set->empty(), "a zone has a SOA");
  return set->front();
}

Zone& Zones::zone(std::string_view apex) {
  auto name = normalize_name(apex);
  verify(name.has_value(), "a zone has a valid name");
  return zones_.try_emplace(*name, *name).first->second;
}

std::expected<void, std::string> Zones::add(std::string_view line) {
  auto record = parse_record(line);
  if (!record) return std::unexpected(record.error());
  const Zone* zone = closest(record->name);
  if (!zone) return std::unexpected("no zone for " + record->name);
  return zones_.find(zone->apex())->second.add(*record);
}

const Zone* Zones::closest(std::string_view name) const {
  while (true) {
    if (auto found = zones_.find(name); found != zones_.end()) return &found->second;
    if (name.empty()) return nullptr;
    name = parent(name);
  }
}

// RFC 1034 §4.3.2, without delegations and wildcards.
void Zones::resolve(const Question& question, Message& response) const {
  std::string name = question.name;
  for (int hop = 0; hop <= kCnameChainMax; ++hop) {
    const Zone* zone = closest(name);
    if (!zone) {
      // The rest of the chain is for the resolver to follow elsewhere.
      if (hop == 0) {
        response.rcode = Rcode::refused;
        response.authoritative = false;
      }
      return;
    }
    const auto* alias = zone->find(name, Type::cname);
    if (alias && question.type != Type::cname && question.type != Type::any) {
      response.answers.push_back(alias->front());
      auto target = parse_name_rdata(alias->front().rdata);
      verify(target.has_value(), "a CNAME in a zone is well-formed");
      bool seen = std::ranges::any_of(response.answers, [&](const Record& r) { return r.name == *target; });
      if (seen) return;
      name = *std::move(target);
      continue;
    }
    std::vector<Record> found;
    if (question.type == Type::any)
      found = zone->records_of(name);
    else if (const auto* set = zone->find(name, question.type))
      found = *set;
    if (found.empty()) {
      if (!zone->exists(name)) response.rcode = Rcode::nx_domain;
      // RFC 2308 §3: how long "no" may be believed.
      Record soa = zone->soa();
      if (auto parsed = parse_soa(soa.rdata)) soa.ttl = std::min(soa.ttl, parsed->minimum);
      response.authority.push_back(std::move(soa));
    }
    response.answers.insert(response.answers.end(), found.begin(), found.end());
    return;
  }
}

Message Zones::answer(const Message& query) const {
  Message response;
  response.id = query.id;
  response.response = true;
  response.opcode = query.opcode;
  response.recursion_desired = query.recursion_desired;
  response.questions = query.questions;
  if (query.edns) response.edns = Edns{kUdpEdnsMax, query.edns->dnssec_ok};
  if (query.opcode != 0) {
    response.rcode = Rcode::not_imp;
  } else if (query.questions.size() != 1) {
    response.rcode = Rcode::form_err;
  } else if (query.questions[0].dns_class != kClassIn) {
    response.rcode = Rcode::refused;
  } else {
    response.authoritative = true;
    resolve(query.questions[0], response);
  }
  return response;
}

std::optional<std::string> Zones::answer(std::string_view query, bool over_udp) const {
  constexpr size_t header_octets = 12;
  if (query.size() < header_octets || (static_cast<uint8_t>(query[2]) & 0x80) != 0) return std::nullopt;
  auto decoded = decode(query);
  if (!decoded) {
    Message response;
    response.id = static_cast<uint16_t>(static_cast<uint8_t>(query[0]) << 8 | static_cast<uint8_t>(query[1]));
    response.response = true;
    response.rcode = Rcode::form_err;
    return encode(response);
  }
  size_t max = kTcpMax;
  if (over_udp)
    max = decoded->edns ? std::clamp<size_t>(decoded->edns->udp_size, kUdpMax, kUdpEdnsMax) : kUdpMax;
  return encode(answer(*decoded), max);
}

}  // namespace pabal::proto::dns
