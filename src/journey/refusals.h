// Refusals: what was turned away at the door: a sender, a recipient, a mail, a
// login. None of it is a mail of ours, so none has a journey in the store, and who
// only tries must neither fill it nor make it sync. It goes into two files of
// limited size beside the store instead, the older one thrown away when the newer
// is full; `pabal track` reads them.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "io/world.h"
#include "journey/journey.h"

namespace pabal::journey {

inline constexpr uint64_t refusals_octets_max = 4 << 20;  // of each of the two files
inline constexpr size_t refusals_per_peer_max = 60;       // in a minute; the log has the others
inline constexpr size_t refusals_per_minute_max = 1200;   // of all peers

class Refusals {
 public:
  // directory: the data directory.
  Refusals(io::World& world, const std::string& directory);

  // From any thread. Never throws: a disk that is full refuses enough by itself.
  void note(const std::string& peer, Event event);
  // A login under `name` that came to nothing. protocol: "IMAP", "SMTP AUTH PLAIN".
  void note_login(const std::string& peer, std::string_view protocol, const std::string& name,
                  std::string_view why);

 private:
  bool admit(const std::string& peer, Time now);
  void append(std::string_view line);

  io::World& world_;
  const std::string path_;
  std::mutex mutex_;
  std::unique_ptr<io::File> file_;
  uint64_t size_ = 0;
  Time minute_{};                            // when the counts below began
  std::map<std::string, size_t> from_peer_;  // at most refusals_per_minute_max of them
  size_t from_all_ = 0;
};

// Those that name `address` as sender, recipient or account, newest first.
std::vector<Event> find_refusals(io::Disk& disk, const std::string& directory, std::string_view address,
                                 size_t max);

}  // namespace pabal::journey
