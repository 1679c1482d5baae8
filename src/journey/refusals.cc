#include "journey/refusals.h"

#include <algorithm>

#include "base/bytes.h"
#include "journey/event_json.h"

namespace pabal::journey {

namespace {

constexpr size_t kFactOctetsMax = 2000;
constexpr Duration kMinute = std::chrono::minutes(1);

std::string file_in(const std::string& directory) {
  return directory + "/refusals";
}

std::string older(const std::string& path) {
  return path + ".older";
}

std::string read_all(io::Disk& disk, const std::string& path) {
  if (!disk.exists(path)) return {};
  std::unique_ptr<io::File> file = disk.open(path, io::OpenMode::read);
  std::string text(std::min(file->size(), 2 * refusals_octets_max), '\0');
  text.resize(file->read_at(0, text));
  return text;
}

}  // namespace

Refusals::Refusals(io::World& world, const std::string& directory)
    : world_(world), path_(file_in(directory)) {}

void Refusals::note(const std::string& peer, Event event) {
  for (auto& [name, value] : event.facts) value = printable(value, kFactOctetsMax);
  std::string line = to_json({event}) + '\n';
  std::lock_guard lock(mutex_);
  if (!admit(peer, event.at)) return;
  std::string trouble;
  try {
    append(line);
  } catch (const io::IoError& error) {
    trouble = error.what();
    file_.reset();
  }
  if (!trouble.empty()) world_.log.warning("journey.refusal_not_noted", {{"reason", trouble}});
}

void Refusals::note_login(const std::string& peer, std::string_view protocol, const std::string& name,
                          std::string_view why) {
  note(peer, {world_.clock.now(),
              "login refused",
              {{"account", name},
               {"by", "[" + peer + "]"},
               {"protocol", std::string(protocol)},
               {"reason", std::string(why)}}});
}

bool Refusals::admit(const std::string& peer, Time now) {
  if (now - minute_ >= kMinute || now < minute_) {
    minute_ = now;
    from_peer_.clear();
    from_all_ = 0;
  }
  if (from_all_ >= refusals_per_minute_max) return false;
  size_t& from_this = from_peer_[peer];
  if (from_this >= refusals_per_peer_max) return false;
  ++from_this;
  ++from_all_;
  return true;
}

// Into the page cache, which does not wait for the disk; what a crash takes of it
// is no loss.
void Refusals::append(std::string_view line) {
  if (file_ && size_ + line.size() > refusals_octets_max) {
    file_.reset();
    world_.disk.rename(path_, older(path_));
  }
  if (!file_) {
    file_ = world_.disk.open(path_, io::OpenMode::create);
    size_ = file_->size();
  }
  file_->write_at(size_, line);
  size_ += line.size();
}

std::vector<Event> find_refusals(io::Disk& disk, const std::string& directory, std::string_view address,
                                 size_t max) {
  const std::string path = file_in(directory);
  std::vector<Event> found;
  for (const std::string& file : {path, older(path)}) {
    std::string text = read_all(disk, file);
    std::vector<std::string_view> lines = split(text, '\n');
    std::ranges::reverse(lines);
    for (std::string_view line : lines) {
      if (found.size() >= max) return found;
      for (Event& event : from_json(line)) {
        if (names(event, address)) found.push_back(std::move(event));
      }
    }
  }
  return found;
}

}  // namespace pabal::journey
