#include "proto/smtp/capabilities.h"

#include <algorithm>

#include "base/bytes.h"

namespace pabal::proto::smtp {

namespace {

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  for (std::string_view word : split(line, ' '))
    if (!word.empty()) out.push_back(word);
  return out;
}

// RFC 9422: NAME=value; unknown names and malformed values are ignored.
void read_limits(Limits& limits, const std::vector<std::string_view>& words) {
  for (std::string_view word : words) {
    size_t equals = word.find('=');
    if (equals == std::string_view::npos) continue;
    auto value = parse_uint(word.substr(equals + 1));
    std::string_view name = word.substr(0, equals);
    if (!value || *value == 0) continue;
    if (iequals(name, "RCPTMAX")) limits.rcpt_max = value;
    if (iequals(name, "MAILMAX")) limits.mail_max = value;
    if (iequals(name, "RCPTDOMAINMAX")) limits.rcpt_domain_max = value;
  }
}

void read_auth(Capabilities& capabilities, const std::vector<std::string_view>& mechanisms) {
  for (std::string_view mechanism : mechanisms)
    if (!capabilities.has_auth(mechanism)) capabilities.auth.push_back(to_upper(mechanism));
}

void read_line(Capabilities& capabilities, std::string_view line) {
  std::vector<std::string_view> parameters = words(line);
  if (parameters.empty()) return;
  std::string keyword = to_upper(parameters[0]);
  parameters.erase(parameters.begin());

  // Before RFC 4954 servers wrote "AUTH=LOGIN PLAIN", and some still send both.
  if (keyword.starts_with("AUTH=")) {
    std::string first = keyword.substr(5);
    if (!first.empty()) parameters.insert(parameters.begin(), first);
    return read_auth(capabilities, parameters);
  }
  if (keyword == "AUTH") return read_auth(capabilities, parameters);
  if (keyword == "LIMITS") return read_limits(capabilities.limits, parameters);
  if (keyword == "SIZE") {
    capabilities.size = true;
    if (!parameters.empty()) capabilities.size_max = parse_uint(parameters[0]);
    // RFC 1870 §4: 0 says that there is no fixed maximum.
    if (capabilities.size_max == 0u) capabilities.size_max.reset();
    return;
  }
  if (keyword == "PIPELINING") capabilities.pipelining = true;
  if (keyword == "8BITMIME") capabilities.eight_bit_mime = true;
  if (keyword == "SMTPUTF8") capabilities.smtputf8 = true;
  if (keyword == "CHUNKING") capabilities.chunking = true;
  if (keyword == "BINARYMIME") capabilities.binary_mime = true;
  if (keyword == "ENHANCEDSTATUSCODES") capabilities.enhanced_status_codes = true;
  if (keyword == "DSN") capabilities.dsn = true;
  if (keyword == "STARTTLS") capabilities.start_tls = true;
  if (keyword == "HELP") capabilities.help = true;
  if (keyword == "VRFY") capabilities.vrfy = true;
}

}  // namespace

bool Capabilities::has_auth(std::string_view mechanism) const {
  return std::ranges::any_of(auth, [&](const std::string& offered) { return iequals(offered, mechanism); });
}

Capabilities parse_capabilities(const Reply& ehlo) {
  Capabilities capabilities;
  if (ehlo.lines.empty()) return capabilities;
  std::string_view first = ehlo.lines[0];
  capabilities.host = first.substr(0, first.find(' '));
  for (size_t i = 1; i < ehlo.lines.size(); ++i) read_line(capabilities, ehlo.lines[i]);
  return capabilities;
}

std::vector<std::string> capability_lines(const Capabilities& offered) {
  std::vector<std::string> lines;
  auto add = [&lines](bool on, std::string line) {
    if (on) lines.push_back(std::move(line));
  };
  add(offered.pipelining, "PIPELINING");
  add(offered.size, offered.size_max ? "SIZE " + std::to_string(*offered.size_max) : "SIZE");
  add(offered.eight_bit_mime, "8BITMIME");
  add(offered.smtputf8, "SMTPUTF8");
  add(offered.chunking, "CHUNKING");
  add(offered.binary_mime, "BINARYMIME");
  add(offered.enhanced_status_codes, "ENHANCEDSTATUSCODES");
  add(offered.dsn, "DSN");
  add(offered.start_tls, "STARTTLS");
  add(!offered.auth.empty(), "AUTH " + join(offered.auth, " "));

  std::string limits = "LIMITS";
  auto add_limit = [&limits](std::string_view name, const std::optional<uint64_t>& value) {
    if (value) limits += " " + std::string(name) + "=" + std::to_string(*value);
  };
  add_limit("MAILMAX", offered.limits.mail_max);
  add_limit("RCPTMAX", offered.limits.rcpt_max);
  add_limit("RCPTDOMAINMAX", offered.limits.rcpt_domain_max);
  add(limits != "LIMITS", limits);
  add(offered.vrfy, "VRFY");
  add(offered.help, "HELP");
  return lines;
}

}  // namespace pabal::proto::smtp
