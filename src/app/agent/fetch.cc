#include "app/agent/fetch.h"

#include "app/agent/seen_ids.h"
#include "app/console.h"

namespace pabal::app::agent {

namespace {

using Entries = std::vector<Pop3Client::Entry>;

MailFile open_target(io::World& world, const FetchTarget& target) {
  if (target.kind == FetchTarget::mbox) return Mbox(world, target.path);
  return Maildir(world, target.path);
}

// Fetches what is not in `seen`, and puts it there. The disk is written from the
// loop: there is nobody else on it.
rt::Task<void> fetch_new(io::World& world, Pop3Client& client, const FetchTarget& target,
                         const Entries& entries, SeenIds& seen, Fetched& done) {
  std::vector<uint32_t> numbers;
  std::vector<std::string> uids;
  for (const Pop3Client::Entry& entry : entries) {
    if (!entry.uid.empty() && seen.contains(entry.uid)) {
      ++done.known;
      continue;
    }
    numbers.push_back(entry.number);
    uids.push_back(entry.uid);
  }
  if (numbers.empty()) co_return;
  MailFile file = open_target(world, target);
  client.request(numbers, Pop3Client::What::whole);
  for (const std::string& uid : uids) {
    std::string message = co_await client.next();
    std::visit([&message](auto& f) { f.add(message); }, file);
    if (!uid.empty()) seen.insert(uid);
    ++done.fetched;
    done.octets += message.size();
  }
}

}  // namespace

std::optional<FetchTarget> parse_target(std::string_view text) {
  size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) return std::nullopt;
  FetchTarget target{.path = std::string(text.substr(colon + 1))};
  if (text.substr(0, colon) == "mbox") {
    target.kind = FetchTarget::mbox;
  } else if (text.substr(0, colon) != "maildir") {
    return std::nullopt;
  }
  while (target.path.size() > 1 && target.path.ends_with('/')) target.path.pop_back();
  return target;
}

rt::Task<Fetched> fetch(io::World& world, Pop3Client& client, FetchOptions options) {
  Fetched done;
  Entries entries = co_await client.list();
  std::vector<std::string> present;
  for (const Pop3Client::Entry& entry : entries) {
    if (!entry.uid.empty()) present.push_back(entry.uid);
  }
  if (!options.remove && present.size() != entries.size())
    throw CommandError("this server has no UIDL, so that --keep would fetch everything again each time");

  SeenIds seen(world.disk, options.seen_path);
  seen.keep_only(present);
  try {
    co_await fetch_new(world, client, options.target, entries, seen, done);
  } catch (...) {
    seen.save();
    throw;
  }
  seen.save();
  if (options.remove) {
    std::vector<uint32_t> numbers;
    for (const Pop3Client::Entry& entry : entries) numbers.push_back(entry.number);
    co_await client.remove(std::move(numbers));
  }
  co_await client.quit();
  if (options.remove) done.removed = entries.size();
  co_return done;
}

}  // namespace pabal::app::agent
