#include "mail/summary_keys.h"

#include <algorithm>
#include <chrono>

#include "base/bytes.h"
#include "mail/address_list.h"
#include "mail/base_subject.h"
#include "mail/charset.h"
#include "mail/date.h"
#include "mail/header.h"
#include "mail/search_text.h"

namespace pabal::mail {
namespace {

constexpr size_t message_id_octets_max = 1'000;  // longer ones are no use and not kept
// Of one field's text: what is behind says nothing to who sorts or threads by it.
constexpr size_t field_octets_max = 64 * 1024;

std::string_view beginning(std::string_view raw_value) {
  return raw_value.substr(0, field_octets_max);
}

// The first field of each kind that sorting looks at.
struct Fields {
  const Field* date = nullptr;
  const Field* subject = nullptr;
  const Field* from = nullptr;
  const Field* to = nullptr;
  const Field* cc = nullptr;
  const Field* message_id = nullptr;
  const Field* references = nullptr;
  const Field* in_reply_to = nullptr;
};

Fields find_fields(const Header& header) {
  Fields found;
  for (const Field& field : header.fields) {
    const Field** slot = iequals(field.name, "date")          ? &found.date
                         : iequals(field.name, "subject")     ? &found.subject
                         : iequals(field.name, "from")        ? &found.from
                         : iequals(field.name, "to")          ? &found.to
                         : iequals(field.name, "cc")          ? &found.cc
                         : iequals(field.name, "message-id")  ? &found.message_id
                         : iequals(field.name, "references")  ? &found.references
                         : iequals(field.name, "in-reply-to") ? &found.in_reply_to
                                                              : nullptr;
    if (slot != nullptr && *slot == nullptr) *slot = &field;
  }
  return found;
}

int32_t day_of(Time time) {
  using namespace std::chrono;
  return static_cast<int32_t>(floor<days>(milliseconds(time.ms)).count());
}

struct AddressKeys {
  std::string key, display;
};

std::string unquoted(std::string_view local) {
  std::string out;
  for (size_t i = 0; i < local.size(); ++i) {
    if (local[i] == '"') continue;
    if (local[i] == '\\' && i + 1 < local.size()) ++i;
    out += local[i];
  }
  return out;
}

// The first address structure as ENVELOPE has it, which for a group is its name.
AddressKeys address_keys(const Field* field, std::string_view charset) {
  if (field == nullptr) return {};
  std::vector<HeaderAddress> list = parse_address_list(beginning(field->raw_value), charset);
  if (list.empty()) return {};
  const HeaderAddress& first = list.front();
  if (!first.group.empty()) {
    std::string group = sort_key(first.group);
    return {group, group};
  }
  std::string_view address = first.address;
  AddressKeys keys;
  keys.key = sort_key(unquoted(address.substr(0, address.rfind('@'))));
  keys.display = sort_key(first.display_name.empty() ? address : first.display_name);
  return keys;
}

// Between < and >, quotes and blanks left out so that two ways of writing one
// Message-ID are one (RFC 5256 §3). Moves `value` behind it; "" at the end.
std::string take_message_id(std::string_view& value) {
  while (!value.empty()) {
    size_t begin = value.find('<');
    if (begin == std::string_view::npos) break;
    value.remove_prefix(begin + 1);
    size_t end = value.find_first_of("<>");
    if (end == std::string_view::npos || value[end] == '<') continue;
    std::string id;
    for (char c : value.substr(0, end)) {
      if (static_cast<unsigned char>(c) > 32 && c != '"' && c != 127) id += c;
    }
    value.remove_prefix(end + 1);
    if (id.empty() || id.size() > message_id_octets_max) continue;
    return is_utf8(id) ? id : to_utf8(id, "windows-1252");  // any that maps octets one to one
  }
  value = {};
  return {};
}

}  // namespace

std::string first_message_id(std::string_view value) {
  return take_message_id(value);
}

std::vector<std::string> message_ids(std::string_view value) {
  std::vector<std::string> out;
  for (std::string id = take_message_id(value); !id.empty(); id = take_message_id(value)) {
    out.push_back(std::move(id));
  }
  return out;
}

SummaryKeys summary_keys(const Part& root, std::string_view message, Time received_at) {
  Header header = header_of(root, message);
  Fields fields = find_fields(header);
  const std::string charset = declared_charset(root);
  SummaryKeys keys;
  auto date = fields.date == nullptr ? std::nullopt : parse_date(fields.date->raw_value);
  keys.sent_at = date ? date->time : received_at;
  keys.sent_day = day_of(date ? date->time + std::chrono::minutes(date->offset_minutes) : received_at);
  if (fields.subject != nullptr) {
    BaseSubject base = base_subject(decode_text(trim(beginning(fields.subject->raw_value)), charset));
    keys.base_subject = sort_key(base.text);
    keys.subject_is_reply = base.is_reply;
  }
  AddressKeys from = address_keys(fields.from, charset), to = address_keys(fields.to, charset),
              cc = address_keys(fields.cc, charset);
  keys.from_key = std::move(from.key);
  keys.from_display = std::move(from.display);
  keys.to_key = std::move(to.key);
  keys.to_display = std::move(to.display);
  keys.cc_key = std::move(cc.key);
  if (fields.message_id != nullptr) keys.message_id = first_message_id(fields.message_id->raw_value);
  if (fields.references != nullptr) keys.references = message_ids(fields.references->raw_value);
  if (keys.references.size() > references_max) {
    keys.references.erase(keys.references.begin(), keys.references.end() - references_max);
  }
  if (keys.references.empty() && fields.in_reply_to != nullptr) {
    std::string parent = first_message_id(fields.in_reply_to->raw_value);
    if (!parent.empty()) keys.references.push_back(std::move(parent));
  }
  return keys;
}

}  // namespace pabal::mail
