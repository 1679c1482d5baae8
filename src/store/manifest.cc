#include "store/manifest.h"

#include <boost/json.hpp>

#include "base/bytes.h"
#include "store/sqlite.h"

namespace pabal::store {

namespace {

namespace json = boost::json;

constexpr int64_t kFormat = 1;
constexpr const char* kName = "/manifest.json";

// What ours are called: letters, digits, and one folder at most.
bool is_file_name(std::string_view name) {
  if (name.starts_with("segments/")) name.remove_prefix(9);
  if (name.empty() || name[0] == '.') return false;
  for (char c : name) {
    if (!is_alnum(c) && c != '.' && c != '-') return false;
  }
  return true;
}

bool is_hash(std::string_view text) {
  return text.size() == 64 && from_hex(text).has_value();
}

// Throws what Boost.JSON throws for what is missing or of another kind.
Manifest from_json(const json::object& object) {
  Manifest m;
  m.schema_version = object.at("schema_version").to_number<int>();
  m.at = Time{object.at("at_ms").to_number<int64_t>()};
  m.generation = object.at("generation").to_number<uint64_t>();
  m.messages = object.at("messages").to_number<uint64_t>();
  m.mails = object.at("mails").to_number<uint64_t>();
  m.queue_entries = object.at("queue_entries").to_number<uint64_t>();
  const json::object& database = object.at("database").as_object();
  m.database_file = database.at("file").as_string();
  m.database_octets = database.at("octets").to_number<uint64_t>();
  m.database_sha256 = database.at("sha256").as_string();
  for (const json::value& value : object.at("segments").as_array()) {
    const json::object& segment = value.as_object();
    m.segments.push_back(
        {segment.at("segment").to_number<int64_t>(), std::string(segment.at("file").as_string()),
         segment.at("octets").to_number<uint64_t>(), segment.at("used_octets").to_number<uint64_t>(),
         std::string(segment.at("sha256").as_string())});
  }
  return m;
}

}  // namespace

std::string to_json(const Manifest& m) {
  std::string out = "{\n\"format\": " + std::to_string(kFormat);
  auto member = [&out](std::string_view name, const json::value& value) {
    out += ",\n\"" + std::string(name) + "\": " + json::serialize(value);
  };
  member("schema_version", m.schema_version);
  member("at", json::value(to_rfc3339(m.at)));
  member("at_ms", m.at.ms);
  member("generation", m.generation);
  member("messages", m.messages);
  member("mails", m.mails);
  member("queue_entries", m.queue_entries);
  member("database",
         {{"file", m.database_file}, {"octets", m.database_octets}, {"sha256", m.database_sha256}});
  out += ",\n\"segments\": [";
  for (const BackupSegment& s : m.segments) {
    out += &s == &m.segments.front() ? "\n" : ",\n";
    out += json::serialize(json::value{{"segment", s.number},
                                       {"file", s.file},
                                       {"octets", s.octets},
                                       {"used_octets", s.used_octets},
                                       {"sha256", s.sha256}});
  }
  return out + "\n]\n}\n";
}

std::expected<Manifest, std::string> parse_manifest(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) return std::unexpected("it is not JSON");
  Manifest m;
  try {
    if (value.as_object().at("format").to_number<int64_t>() != kFormat)
      return std::unexpected("its format is of a newer program");
    m = from_json(value.as_object());
  } catch (const std::exception&) {
    return std::unexpected("something is missing in it");
  }
  bool good = is_file_name(m.database_file) && is_hash(m.database_sha256);
  int64_t last = -1;
  for (const BackupSegment& s : m.segments) {
    good = good && is_file_name(s.file) && is_hash(s.sha256) && s.used_octets <= s.octets && s.number > last;
    last = s.number;
  }
  if (!good) return std::unexpected("it names something that no backup has");
  return m;
}

std::optional<Manifest> read_manifest(io::Disk& disk, const std::string& directory) {
  std::string path = directory + kName;
  if (!disk.exists(path)) return std::nullopt;
  std::unique_ptr<io::File> file = disk.open(path, io::OpenMode::read);
  uint64_t octets = file->size();
  if (octets > kManifestOctetsMax) throw StoreError(path + " is damaged: it is too long");
  std::string text(octets, '\0');
  text.resize(file->read_at(0, text));
  std::expected<Manifest, std::string> manifest = parse_manifest(text);
  if (!manifest) throw StoreError(path + " is damaged: " + manifest.error());
  return std::move(*manifest);
}

void write_manifest(io::Disk& disk, const std::string& directory, const Manifest& manifest) {
  std::string temporary = directory + kName + ".new";
  std::string text = to_json(manifest);
  {
    std::unique_ptr<io::File> file = disk.open(temporary, io::OpenMode::create);
    file->truncate(0);
    file->write_at(0, text);
    file->sync();
  }
  disk.rename(temporary, directory + kName);
  disk.sync_directory(directory);
}

}  // namespace pabal::store
