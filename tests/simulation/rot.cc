#include "rot.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "imap_model.h"
#include "pop3_reader.h"
#include "store/hash.h"
#include "store/segment_record.h"
#include "store/store.h"
#include "support/store_work.h"

namespace pabal::simulation {

namespace {

constexpr const char* kStore = "/pabal";
constexpr size_t kReservedOctets = 8;  // at the end of a header: nobody reads them

struct Place {
  std::string path;
  RottenRecord record;
};

// Every whole record in the segments that no crash can change any more.
std::vector<Place> cold_records(const sim::SimDisk& disk) {
  std::vector<Place> places;
  std::string directory = store::segments_directory(kStore);
  for (const std::string& name : disk.files(directory)) {
    std::string path = directory + '/' + name;
    if (!name.ends_with(".seg") || !disk.is_synced(path)) continue;
    int64_t number = static_cast<int64_t>(parse_uint(name.substr(0, name.size() - 4)).value_or(0));
    std::string text = disk.contents(path);
    for (size_t at = store::kBlockOctets; at + store::kHeaderOctets <= text.size();) {
      std::string_view rest = std::string_view(text).substr(at);
      auto header = store::parse_record_header(rest, number);
      if (header && header->length <= rest.size() - store::kHeaderOctets) {
        std::string bytes(rest.substr(store::kHeaderOctets, header->length));
        if (store::sha256(bytes) == header->hash) {
          places.push_back({path, {number, at, std::string(header->hash), bytes}});
          at += store::record_octets(bytes.size());
          continue;
        }
      }
      at += store::kRecordAlignment;
    }
  }
  return places;
}

}  // namespace

void Rot::strike(uint64_t amount) {
  std::vector<Place> places = cold_records(host_.disk());
  if (places.empty()) return ledger_.note("* there is no segment with a mail yet on " + host_.name());
  sim::SimRandom random(amount);
  Place& place = places[random.below(places.size())];
  uint64_t header = store::kHeaderOctets - kReservedOctets;
  uint64_t at = random.below(header + place.record.bytes.size());
  if (at >= header) at += kReservedOctets;
  host_.disk().flip_bit(place.path, place.record.offset + at, static_cast<unsigned>(random.below(8)));
  ledger_.note("* octet " + std::to_string(at) + " of the record at " + std::to_string(place.record.offset) +
               " of " + place.path + " rots on " + host_.name());
  ledger_.rots(place.record.bytes);
  records_.push_back(std::move(place.record));
}

// What no mail referred to may have been written anew, by the same mail even.
void Rot::forget_overwritten() {
  std::vector<Place> whole = cold_records(host_.disk());
  std::erase_if(records_, [&](const RottenRecord& rotten) {
    return std::ranges::any_of(whole, [&](const Place& place) {
      return place.record.segment == rotten.segment && place.record.offset == rotten.offset;
    });
  });
}

rt::Task<std::vector<Rot::Reference>> Rot::references() {
  io::World world = host_.world();
  std::unique_ptr<store::Store> store = store::Store::open_beside(world, {.directory = kStore});
  using Found = std::pair<int64_t, size_t>;  // a message, and its place in records_
  auto query = [this](store::Database& db) {
    std::vector<Found> found;
    for (size_t i = 0; i < records_.size(); ++i) {
      const RottenRecord& record = records_[i];
      store::Statement select =
          db.prepare("SELECT id FROM message WHERE segment = ? AND segment_offset = ? AND hash = ?");
      select.bind(record.segment).bind(static_cast<int64_t>(record.offset)).bind_blob(record.hash);
      while (select.step()) found.emplace_back(select.number(0), i);
    }
    return found;
  };
  std::vector<Found> read = co_await test::read(*store, query);
  std::vector<Reference> found;
  for (const auto& [message, record] : read) found.push_back({message, &records_[record]});
  co_await store->close();
  co_return found;
}

rt::Task<void> Rot::compare(std::vector<store::Finding> findings, const std::vector<Pop3Reader*>& readers,
                            ImapModel& imap) {
  forget_overwritten();
  std::vector<Reference> expected;
  if (has_struck()) expected = co_await references();
  std::map<std::string, Affected> affected;  // by account
  for (const store::Finding& finding : findings) {
    auto rotten = std::ranges::find_if(expected, [&](const Reference& r) {
      return finding.where == "message " + std::to_string(r.message);
    });
    if (finding.kind != store::Finding::bytes || rotten == expected.end()) {
      ledger_.violation("the store of " + host_.name() + ": " + finding.where + ": " + finding.what);
      continue;
    }
    ledger_.mark("a rotten mail was found by its hash");
    for (const store::AffectedMail& mail : finding.mails)
      affected[mail.account][{mail.mailbox, mail.uid.value}] = rotten->record;
    expected.erase(rotten);
  }
  for (const Reference& missed : expected)
    ledger_.violation("the check of " + host_.name() + " has not found that message " +
                      std::to_string(missed.message) + " is rotten");
  for (Pop3Reader* reader : readers) compare_reader(*reader, affected[reader->address()]);
  compare_imap(imap, affected[imap.address()]);
}

void Rot::expect_logged(const std::string& event, const std::string& address) {
  ledger_.mark("a rotten mail could not be read");
  bool logged = std::ranges::any_of(host_.log().lines(), [&](const std::string& line) {
    return line.find(event) != std::string::npos && line.find(address) != std::string::npos;
  });
  if (!logged) ledger_.violation("nothing in the log tells that mail of " + address + " is rotten");
}

void Rot::compare_imap(ImapModel& imap, const Affected& affected) {
  std::set<std::pair<std::string, int64_t>> unreadable;
  for (const ImapModel::Unreadable& mail : imap.unreadable()) {
    unreadable.insert({mail.mailbox, mail.uid});
    if (!affected.contains({mail.mailbox, mail.uid}))
      imap.violation("UID " + std::to_string(mail.uid) + " of " + mail.mailbox +
                     " cannot be read and is not rotten");
    expect_logged("imap.message_damaged", imap.address());
  }
  for (const auto& [where, record] : affected) {
    const auto& [mailbox, uid] = where;
    if (!unreadable.contains(where))
      imap.violation("UID " + std::to_string(uid) + " of " + mailbox + " is rotten and was read");
    imap.see_rotten(mailbox, static_cast<uint32_t>(uid), record->bytes);
  }
}

void Rot::compare_reader(Pop3Reader& reader, const Affected& affected) {
  std::set<int64_t> unreadable;
  for (const Pop3Reader::Unreadable& mail : reader.unreadable()) {
    unreadable.insert(mail.uid);
    auto record = affected.find({"INBOX", mail.uid});
    if (record == affected.end()) {
      ledger_.violation("mail " + std::to_string(mail.uid) + " of " + reader.address() +
                        " cannot be read and is not rotten");
      continue;
    }
    if (!mail.retrieved) ledger_.found_in_mailbox(reader.address(), record->second->bytes);
    expect_logged("pop3.store_failed", reader.address());
  }
  for (const auto& [where, record] : affected) {
    if (!unreadable.contains(where.second))
      ledger_.violation("mail " + std::to_string(where.second) + " of " + reader.address() +
                        " is rotten and was read");
  }
}

}  // namespace pabal::simulation
