#include "store/maildir.h"

#include "base/bytes.h"
#include "store/hash.h"
#include "store/mailboxes.h"

namespace pabal::store {

namespace {

constexpr size_t kNameOctetsMax = 200;   // file systems take 255
constexpr size_t kPathOctetsMax = 2000;  // and in all 4096

void write_synced(io::Disk& disk, const std::string& path, std::string_view prefix, std::string_view bytes) {
  std::unique_ptr<io::File> file = disk.open(path, io::OpenMode::create);
  file->write_at(0, prefix);
  file->write_at(prefix.size(), bytes);
  file->sync();
}

// In the order that the Maildir page asks for: ASCII.
std::string flag_letters(uint64_t flags) {
  std::string letters;
  if (flags & kDraft) letters += 'D';
  if (flags & kFlagged) letters += 'F';
  if (flags & kAnswered) letters += 'R';
  if (flags & kSeen) letters += 'S';
  if (flags & kDeleted) letters += 'T';
  for (size_t i = 0; i < kKeywordLettersMax; ++i) {
    if (flags >> (kFirstKeywordBit + i) & 1) letters += static_cast<char>('a' + i);
  }
  return letters;
}

}  // namespace

std::string MaildirWriter::write(const std::string& folder, Time received, const std::string& name,
                                 uint64_t flags, std::string_view prefix, std::string_view bytes) {
  for (const char* part : {"/tmp", "/new", "/cur"}) make_directory(folder + part);
  std::string file = std::to_string(received.ms / 1000) + '.' + name + ".pabal";
  std::string letters = flag_letters(flags);
  std::string path = folder + (letters.empty() ? "/new/" + file : "/cur/" + file + ":2," + letters);
  std::string temporary = root_ + '/' + folder + "/tmp/" + file;
  write_synced(disk_, temporary, prefix, bytes);
  disk_.rename(temporary, root_ + '/' + path);
  return path;
}

std::string MaildirWriter::write_file(const std::string& directory, const std::string& name,
                                      std::string_view prefix, std::string_view bytes) {
  make_directory(directory);
  std::string path = directory.empty() ? name : directory + '/' + name;
  write_synced(disk_, root_ + '/' + path, prefix, bytes);
  return path;
}

void MaildirWriter::make_directory(const std::string& path) {
  // With all above it: each name in it has to be synced at the end.
  if (!directories_.insert(path).second) return;
  if (path.empty()) return disk_.make_directory(root_);
  size_t slash = path.rfind('/');
  make_directory(slash == std::string::npos ? "" : path.substr(0, slash));
  disk_.make_directory(root_ + '/' + path);
}

void MaildirWriter::finish() {
  for (const std::string& path : directories_)
    disk_.sync_directory(path.empty() ? root_ : root_ + '/' + path);
}

void MaildirWriter::write_keywords(const std::string& folder, const std::vector<std::string>& keywords) {
  std::string lines;
  for (size_t i = 0; i < keywords.size() && i < kKeywordLettersMax; ++i)
    lines += std::to_string(i) + ' ' + printable(keywords[i]) + '\n';
  write_file(folder, "dovecot-keywords", lines, "");
}

std::string folder_name(std::string_view name) {
  std::string out;
  size_t i = 0;
  for (; i < name.size() && out.size() <= kNameOctetsMax; ++i) {
    char c = name[i];
    bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    if (control || c == '/' || c == '\\' || c == '%' || (c == '.' && i == 0)) {
      out += '%' + to_hex(std::string_view(&c, 1));
    } else {
      out += c;
    }
  }
  if (i < name.size() || out.size() > kNameOctetsMax) {
    // Two long names stay two.
    std::string mark = '%' + to_hex(sha256(name)).substr(0, 16);
    out.resize(kNameOctetsMax - mark.size());
    out += mark;
  }
  return out.empty() ? "%" : out;
}

std::string folder_path(std::string_view name) {
  if (name.size() > kMailboxNameMax) return folder_name(name);
  std::string path;
  for (std::string_view level : split(name, '/')) {
    std::string directory = folder_name(level);
    // Of a Maildir, whose own directories these are.
    if (directory == "cur" || directory == "new" || directory == "tmp")
      directory = '%' + to_hex(directory.substr(0, 1)) + directory.substr(1);
    path += (path.empty() ? "" : "/") + directory;
  }
  return path.size() > kPathOctetsMax ? folder_name(name) : path;
}

}  // namespace pabal::store
