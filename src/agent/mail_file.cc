#include "agent/mail_file.h"

#include <ctime>

#include "base/bytes.h"
#include "mail/address_list.h"
#include "mail/header.h"

namespace pabal::agent {

namespace {

std::string with_lf(std::string_view message) {
  std::string out;
  out.reserve(message.size());
  for (size_t i = 0; i < message.size(); ++i) {
    if (message[i] == '\r' && i + 1 < message.size() && message[i + 1] == '\n') continue;
    out += message[i];
  }
  return out;
}

bool looks_like_from_line(std::string_view line) {
  size_t text = line.find_first_not_of('>');
  return text != std::string_view::npos && line.substr(text).starts_with("From ");
}

// The reverse-path as the delivering server noted it, else who wrote the mail.
std::string envelope_sender(std::string_view message) {
  mail::Header header = mail::parse_header(message);
  for (std::string_view field : {"Return-Path", "From"}) {
    auto addresses = mail::addresses_of(header.value(field));
    if (addresses.empty() || addresses.front().empty()) continue;
    std::string address = printable(addresses.front());
    if (address.find_first_of(" \t") == std::string::npos) return address;
  }
  return "MAILER-DAEMON";
}

std::string parent_of(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Maildir::Maildir(io::World& world, std::string path) : world_(world), path_(std::move(path)) {
  for (const char* folder : {"/tmp", "/new", "/cur"}) world_.disk.make_directory(path_ + folder);
}

void Maildir::add(std::string_view message) {
  int64_t ms = world_.clock.now().ms;
  std::string name =
      std::to_string(ms / 1000) + ".M" + std::to_string(ms % 1000) + "R" + world_.random.token(20) + ".pabal";
  std::string tmp = path_ + "/tmp/" + name;
  std::string text = with_lf(message);
  try {
    std::unique_ptr<io::File> file = world_.disk.open(tmp, io::OpenMode::create);
    file->write_at(0, text);
    file->sync();
    file.reset();
    world_.disk.rename(tmp, path_ + "/new/" + name);
  } catch (const io::IoError&) {
    if (world_.disk.exists(tmp)) world_.disk.remove(tmp);
    throw;
  }
  world_.disk.sync_directory(path_ + "/new");
}

std::string mbox_entry(std::string_view message, Time now) {
  time_t seconds = static_cast<time_t>(now.ms / 1000);
  tm utc{};
  char date[64] = "";
  // RFC 4155: asctime's form, in UTC.
  if (gmtime_r(&seconds, &utc) != nullptr) strftime(date, sizeof date, "%a %b %e %H:%M:%S %Y", &utc);

  std::string out = "From " + envelope_sender(message) + " " + date + "\n";
  std::string text = with_lf(message);
  for (std::string_view rest = text; !rest.empty();) {
    size_t lf = rest.find('\n');
    std::string_view line = rest.substr(0, lf);
    if (looks_like_from_line(line)) out += '>';
    out.append(line).append("\n");
    rest.remove_prefix(lf == std::string_view::npos ? rest.size() : lf + 1);
  }
  out += '\n';
  return out;
}

Mbox::Mbox(io::World& world, std::string path) : world_(world), path_(std::move(path)) {
  bool existed = world_.disk.exists(path_);
  lock_ = world_.disk.lock(path_);
  if (lock_ == nullptr) throw io::IoError(io::IoFault::other, path_ + " is in use by another program");
  file_ = world_.disk.open(path_, io::OpenMode::create);
  if (!existed) world_.disk.sync_directory(parent_of(path_));
}

void Mbox::add(std::string_view message) {
  uint64_t before = file_->size();
  std::string entry = mbox_entry(message, world_.clock.now());
  // What another program left without a line end must not swallow our first line.
  char last[1];
  if (before > 0 && file_->read_at(before - 1, last) == 1 && last[0] != '\n') entry.insert(0, "\n\n");
  try {
    file_->write_at(before, entry);
    file_->sync();
  } catch (const io::IoError&) {
    file_->truncate(before);
    throw;
  }
}

}  // namespace pabal::agent
