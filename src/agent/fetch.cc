#include "agent/fetch.h"

#include "agent/seen_ids.h"
#include "console/console.h"

namespace pabal::agent {

namespace {

using Entries = std::vector<Pop3Client::Entry>;

MailFile open_target(io::World& world, const FetchTarget& target) {
  if (target.kind == FetchTarget::mbox) return Mbox(world, target.path);
  return Maildir(world, target.path);
}

SeenId id_of(const Pop3Client::Entry& entry) {
  return {entry.uid, entry.size_octets};
}

// Fetches what is not in `seen`, and puts it there. The disk is written from the
// loop: there is nobody else on it.
rt::Task<void> fetch_new(io::World& world, Pop3Client& client, const FetchTarget& target,
                         const Entries& entries, SeenIds& seen, Fetched& done) {
  std::vector<uint32_t> numbers;
  std::vector<SeenId> ids;
  for (const Pop3Client::Entry& entry : entries) {
    if (!entry.uid.empty() && seen.contains(id_of(entry))) {
      ++done.known;
      continue;
    }
    numbers.push_back(entry.number);
    ids.push_back(id_of(entry));
  }
  if (numbers.empty()) co_return;
  MailFile file = open_target(world, target);
  client.request(numbers, Pop3Client::What::whole);
  for (const SeenId& id : ids) {
    std::string message = co_await client.next();
    std::visit([&message](auto& f) { f.add(message); }, file);
    if (!id.uid.empty()) seen.add(id);
    ++done.fetched;
    done.octets += message.size();
  }
}

// Without its mails the target has nothing, whatever is written beside it. An mbox that
// was emptied has had them: that is enough to fetch nothing twice, not to delete them.
bool has_mails(io::Disk& disk, const FetchTarget& target, bool to_delete) {
  if (target.kind == FetchTarget::maildir) return disk.exists(target.path + "/new");
  if (!disk.exists(target.path)) return false;
  return !to_delete || disk.open(target.path, io::OpenMode::read)->size() > 0;
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

std::string seen_path(const FetchTarget& target, const std::string& account) {
  if (target.kind == FetchTarget::maildir) return target.path + "/pabal-fetched-" + account;
  size_t name = target.path.rfind('/') + 1;
  return target.path.substr(0, name) + '.' + target.path.substr(name) + ".pabal-fetched-" + account;
}

rt::Task<Fetched> fetch(io::World& world, Pop3Client& client, FetchOptions options) {
  Fetched done;
  Entries entries = co_await client.list();
  std::vector<SeenId> present;
  for (const Pop3Client::Entry& entry : entries) {
    if (!entry.uid.empty()) present.push_back(id_of(entry));
  }
  if (!options.remove && present.size() != entries.size())
    throw CommandError("this server has no UIDL, so that --keep would fetch everything again each time");

  SeenIds seen(world.disk, seen_path(options.target, options.account));
  seen.keep_only(has_mails(world.disk, options.target, options.remove) ? present : std::vector<SeenId>());
  co_await fetch_new(world, client, options.target, entries, seen, done);
  if (options.remove) {
    std::vector<uint32_t> numbers;
    for (const Pop3Client::Entry& entry : entries) numbers.push_back(entry.number);
    co_await client.remove(std::move(numbers));
  }
  co_await client.quit();
  if (options.remove) {
    done.removed = entries.size();
    seen.keep_only({});
  }
  co_return done;
}

}  // namespace pabal::agent
