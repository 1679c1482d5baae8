#include "agent/overview.h"

#include <algorithm>

#include "base/local_time.h"
#include "base/log.h"
#include "console/console.h"
#include "console/terminal.h"
#include "mail/address_list.h"
#include "mail/header.h"

namespace pabal::agent {

namespace {

constexpr size_t kDateCells = 26;
constexpr size_t kSizeCells = 10;
constexpr size_t kFromCells = 20;
constexpr size_t kSubjectMin = 20;

std::string date_text(const std::optional<mail::Date>& date) {
  return date ? to_local_text(date->time) : "";
}

std::string without_end_blanks(const std::string& text) {
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

std::string right_aligned(const std::string& text, size_t cells) {
  return std::string(cells - std::min(text.size(), cells), ' ') + text;
}

std::string json_field(std::string_view name, std::string_view value) {
  return "\"" + std::string(name) + "\":\"" + json_escape(value) + "\"";
}

}  // namespace

Overview overview_of(std::string_view head) {
  Overview overview;
  mail::Header header = mail::parse_header(head);
  std::vector<mail::HeaderAddress> from =
      mail::parse_address_list(header.value("From"), mail::declared_charset(header));
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
  bool one_line = width >= before_subject + kSubjectMin;
  size_t beside = width > number_cells + 2 ? width - number_cells - 2 : 1;
  std::string below = '\n' + std::string(number_cells + 2, ' '), out;
  for (const Overview& mail : mails) {
    std::string size = human_size(mail.size_octets), subject = terminal_line(mail.subject);
    out += right_aligned(std::to_string(mail.number), number_cells) + "  ";
    std::string head = fit(date_text(mail.date), kDateCells) + "  " + right_aligned(size, kSizeCells);
    if (one_line) {
      out += head + "  " + fit(terminal_line(mail.from), kFromCells) + "  " +
             without_end_blanks(fit(subject, width - before_subject));
    } else {
      // Who and what need the room more than when and how much.
      out += without_end_blanks(fit(terminal_line(mail.from), beside)) + below +
             without_end_blanks(fit(subject, beside)) + below +
             without_end_blanks(display_width(head) <= beside ? head : date_text(mail.date));
    }
    out += '\n';
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

}  // namespace pabal::agent
