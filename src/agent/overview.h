// What `pabal inbox` shows: one line per mail, decoded from its head.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/date.h"

namespace pabal::agent {

struct Overview {
  uint32_t number = 0;
  uint64_t size_octets = 0;
  std::string uid;   // UIDL, "" if the server has none
  std::string from;  // UTF-8: the name, or the address if there is none
  std::string from_address;
  std::string subject;  // UTF-8
  std::optional<mail::Date> date;
};

Overview overview_of(std::string_view head);

// Aligned columns for `width` cells: number, date in local time, size, from, subject.
std::string format_overviews(const std::vector<Overview>& mails, size_t width);
// An array of objects, as the other commands print with --json.
std::string format_overviews_json(const std::vector<Overview>& mails);

}  // namespace pabal::agent
