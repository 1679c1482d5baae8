#include "agent/draft.h"

#include "base/bytes.h"

namespace pabal::agent {

namespace {

// Appends the addresses of `values`; what cannot be one goes to `error`.
void read_addresses(const std::vector<std::string>& values, std::vector<mail::HeaderAddress>& into,
                    std::string& error) {
  for (const std::string& value : values) {
    std::vector<mail::HeaderAddress> found = mail::parse_address_list(value);
    if (found.empty()) error = "\"" + printable(value) + "\" is no mail address";
    for (mail::HeaderAddress& one : found) {
      auto address = mail::parse_address(one.address, true);
      if (address) {
        one.address = mail::to_string(*address);  // as a header field must have it
      } else {
        error = "\"" + printable(one.address.empty() ? value : one.address) +
                "\" is no mail address: " + address.error();
      }
      into.push_back(std::move(one));
    }
  }
}

std::string content_id(const std::string& name, size_t number) {
  for (char c : name) {
    if (!is_alnum(c) && c != '.' && c != '-' && c != '_') return "picture-" + std::to_string(number);
  }
  return name.empty() ? "picture-" + std::to_string(number) : name;
}

std::string html_escape(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string html_with_pictures(const mail::Draft& draft) {
  std::string html = "<!DOCTYPE html>\n<html><body>\n<div style=\"white-space: pre-wrap\">" +
                     html_escape(draft.text) + "</div>\n";
  for (const mail::DraftFile& picture : draft.inline_images) {
    html += "<p><img src=\"cid:" + picture.content_id + "\" alt=\"" + html_escape(picture.name) + "\"></p>\n";
  }
  return html + "</body></html>\n";
}

}  // namespace

std::expected<ReadyMail, std::string> make_mail(const DraftArgs& args, const DraftContext& context) {
  mail::Draft draft;
  std::string error;
  read_addresses({args.from}, draft.from, error);
  read_addresses(args.to, draft.to, error);
  read_addresses(args.cc, draft.cc, error);
  read_addresses(args.bcc, draft.bcc, error);
  if (!error.empty()) return std::unexpected(error);
  if (draft.from.size() != 1) return std::unexpected("--from takes one address");
  if (!is_utf8(args.subject)) return std::unexpected("the subject is not UTF-8");
  if (!is_utf8(args.text) || !is_utf8(args.html))
    return std::unexpected("the text is not UTF-8: attach it instead");
  draft.subject = args.subject;
  draft.text = args.text;
  draft.html = args.html;
  draft.attachments = args.attachments;
  draft.inline_images = args.pictures;
  for (size_t i = 0; i < draft.inline_images.size(); ++i) {
    mail::DraftFile& picture = draft.inline_images[i];
    if (picture.content_id.empty()) picture.content_id = content_id(picture.name, i + 1);
  }
  if (draft.html.empty() && !draft.inline_images.empty()) draft.html = html_with_pictures(draft);

  ReadyMail ready{.message = {}, .reverse_path = *mail::parse_address(draft.from.front().address, true)};
  bool utf8_addresses = !is_ascii(ready.reverse_path.local);
  for (const std::string& text : mail::recipients(draft)) {
    ready.forward_paths.push_back(*mail::parse_address(text, true));
    utf8_addresses |= !is_ascii(ready.forward_paths.back().local);
  }
  if (ready.forward_paths.empty()) return std::unexpected("nobody to send to: --to, --cc or --bcc");

  ready.message =
      mail::compose(draft, {.now = context.now,
                            .utc_offset_minutes = context.utc_offset_minutes,
                            .token = context.token,
                            .domain = mail::to_ascii_domain(ready.reverse_path.domain).value_or("localhost"),
                            .allow_utf8 = utf8_addresses});
  return ready;
}

}  // namespace pabal::agent
