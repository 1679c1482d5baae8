#include "app/agent/overview.h"

#include <algorithm>
#include <ctime>

#include "app/console.h"
#include "app/terminal.h"
#include "base/log.h"
#include "mail/address_list.h"
#include "mail/header.h"

namespace pabal::app::agent {

namespace {

constexpr size_t kDateCells = 16;
constexpr size_t kSizeCells = 10;
constexpr size_t kFromCells = 22;

std::string local_date(const std::optional<mail::Date>& date) {
  if (!date) return {};
  time_t seconds = static_cast<time_t>(date->time.ms / 1000);
  tm local{};
  char text[32] = "";
  if (localtime_r(&seconds, &local) != nullptr) strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
  return text;
}

std::string json_field(std::string_view name, std::string_view value) {
  return "\"" + std::string(name) + "\":\"" + json_escape(value) + "\"";
}

}  // namespace

Overview overview_of(std::string_view head) {
  Overview overview;
  mail::Header header = mail::parse_header(head);
  std::vector<mail::HeaderAddress> from = mail::parse_address_list(header.value("From"));
  if (!from.empty()) {
    overview.from_address = from.front().address;
    overview.from = from.front().display_name.empty() ? from.front().address : from.front().display_name;
  }
  overview.subject = header.text("Subject");
  overview.date = mail::parse_date(header.value("Date"));
  return overview;
}

std::string format_overviews(const std::vector<Overview>& mails, size_t width) {
  size_t number_cells = mails.empty() ? 1 : std::to_string(mails.back().number).size();
  size_t before_subject = number_cells + kDateCells + kSizeCells + kFromCells + 8;
  size_t subject_cells = width > before_subject + 10 ? width - before_subject : 10;
  std::string out;
  for (const Overview& mail : mails) {
    std::string number = std::to_string(mail.number);
    std::string size = human_size(mail.size_octets);
    out += std::string(number_cells - std::min(number.size(), number_cells), ' ') + number + "  ";
    out += fit(local_date(mail.date), kDateCells) + "  ";
    out += std::string(kSizeCells - std::min(size.size(), kSizeCells), ' ') + size + "  ";
    out += fit(terminal_line(mail.from), kFromCells) + "  ";
    std::string subject = fit(terminal_line(mail.subject), subject_cells);
    out += subject.substr(0, subject.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

std::string format_overviews_json(const std::vector<Overview>& mails) {
  std::string out = "[";
  for (const Overview& mail : mails) {
    if (out.size() > 1) out += ",\n";
    out += "{\"number\":" + std::to_string(mail.number) + ",\"size\":" + std::to_string(mail.size_octets) +
           "," + json_field("uid", mail.uid) + "," + json_field("from", mail.from) + "," +
           json_field("from_address", mail.from_address) + "," + json_field("subject", mail.subject) + "," +
           json_field("date", mail.date ? to_rfc3339(mail.date->time) : "") + "}";
  }
  return out + "]\n";
}

}  // namespace pabal::app::agent
