#include "agent/view.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/local_time.h"
#include "console/console.h"
#include "console/terminal.h"
#include "mail/date.h"
#include "mail/html_text.h"
#include "mail/message.h"

namespace pabal::agent {

namespace {

// Tried names: a mail may bring thousands of files of one name.
constexpr int kNameTries = 10'000;
constexpr size_t kNameOctets = 200;

// Of a field; raw 8-bit is in the charset that the message declares for its text.
std::string text_of_field(const mail::Part& root, std::string_view message, std::string_view name) {
  mail::Header header = mail::header_of(root, message);
  const mail::Field* field = header.find(name);
  return field == nullptr ? std::string() : field->text(mail::declared_charset(root));
}

void append_field(std::string& out, const mail::Part& root, std::string_view message, std::string_view name) {
  std::string text = text_of_field(root, message, name);
  if (name == "Date") {
    if (auto date = mail::parse_date(text)) text = to_local_text(date->time);
  }
  if (!text.empty()) out += std::string(name) + ": " + terminal_line(text) + "\n";
}

std::string body_text(const mail::Part& root, std::string_view message) {
  mail::BodyParts parts = mail::find_text_parts(root);
  std::string out;
  for (const mail::Part* part : parts.text) {
    // RFC 8621 §4.1.4: what has only HTML stands in the list of texts as well.
    std::string text;
    if (part->type.is("text", "html")) {
      text = mail::html_to_text(mail::text_of(*part, message));
    } else if (part->type.type == "text") {
      text = mail::text_of(*part, message);
    }
    if (!out.empty() && !text.empty() && !out.ends_with("\n\n")) out += out.ends_with('\n') ? "\n" : "\n\n";
    out += text;
  }
  return out;
}

std::string attachment_name(const mail::Attachment& attachment, size_t number) {
  if (!attachment.name.empty()) return attachment.name;
  return attachment.type == "message/rfc822" ? "message-" + std::to_string(number) + ".eml"
                                             : "attachment-" + std::to_string(number);
}

// Once more, although mail::filename has done it: this name opens a file.
std::string safe_file_name(std::string_view name) {
  std::string out = terminal_line(name);
  for (char& c : out) {
    if (c == '/' || c == '\\' || c == ':') c = '_';
  }
  while (!out.empty() && (out.front() == '.' || out.front() == '-' || out.front() == ' ')) out.erase(0, 1);
  while (out.size() > kNameOctets || !is_utf8(out)) out.pop_back();
  return out.empty() ? "attachment" : out;
}

std::string numbered(const std::string& name, int number) {
  size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0) dot = name.size();
  return name.substr(0, dot) + " (" + std::to_string(number) + ")" + name.substr(dot);
}

std::string free_path(io::Disk& disk, const std::string& directory, const std::string& name) {
  std::vector<std::string> taken = disk.list(directory);
  for (int i = 1; i < kNameTries; ++i) {
    std::string candidate = i == 1 ? name : numbered(name, i);
    // By the listing, not by exists(): a dangling link is taken too.
    if (std::find(taken.begin(), taken.end(), candidate) == taken.end()) return directory + "/" + candidate;
  }
  throw io::IoError(io::IoFault::other, directory + " has too many files named " + name);
}

}  // namespace

std::string format_message(std::string_view message) {
  mail::Part root = mail::parse_message(message);
  std::string out;
  for (std::string_view name : {"From", "To", "Cc", "Date", "Subject"})
    append_field(out, root, message, name);
  out += "\n" + terminal_text(body_text(root, message));
  if (!out.ends_with('\n')) out += '\n';

  std::vector<mail::Attachment> attachments = mail::list_attachments(root, message);
  if (!attachments.empty()) out += "\nAttachments:\n";
  for (size_t i = 0; i < attachments.size(); ++i) {
    const mail::Attachment& a = attachments[i];
    out += "  [" + std::to_string(i + 1) + "] " + terminal_line(attachment_name(a, i + 1)) + "  " +
           terminal_line(a.type) + "  " + human_size(a.size_octets) + "\n";
  }
  return out;
}

std::string format_message_json(std::string_view message) {
  mail::Part root = mail::parse_message(message);
  auto field = [&](std::string_view name) { return json_string(text_of_field(root, message, name)); };
  std::vector<std::string> attachments;
  for (const mail::Attachment& one : mail::list_attachments(root, message)) {
    attachments.push_back(json_object({{"name", json_string(attachment_name(one, attachments.size() + 1))},
                                       {"type", json_string(one.type)},
                                       {"size", std::to_string(one.size_octets)}}));
  }
  return json_object({{"from", field("From")},
                      {"to", field("To")},
                      {"cc", field("Cc")},
                      {"date", field("Date")},
                      {"subject", field("Subject")},
                      {"text", json_string(body_text(root, message))},
                      {"attachments", json_array(attachments)}}) +
         "\n";
}

std::vector<SavedFile> save_attachments(io::Disk& disk, std::string_view message,
                                        const std::string& directory) {
  mail::Part root = mail::parse_message(message);
  std::vector<mail::Attachment> attachments = mail::list_attachments(root, message);
  std::vector<SavedFile> saved;
  disk.make_directory(directory);
  for (size_t i = 0; i < attachments.size(); ++i) {
    const mail::Part& part = *attachments[i].part;
    std::string bytes = mail::decode_body(part, message);
    std::string path = free_path(disk, directory, safe_file_name(attachment_name(attachments[i], i + 1)));
    std::unique_ptr<io::File> file = disk.open(path, io::OpenMode::create);
    file->write_at(0, bytes);
    file->sync();
    saved.push_back({path, bytes.size()});
  }
  if (!saved.empty()) disk.sync_directory(directory);
  return saved;
}

}  // namespace pabal::agent
