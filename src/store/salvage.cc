#include "store/salvage.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "store/forgiving_file.h"
#include "store/hash.h"
#include "store/mailboxes.h"
#include "store/maildir.h"
#include "store/open.h"
#include "store/segment_record.h"
#include "store/segments.h"
#include "store/survey.h"

namespace pabal::store {

namespace {

namespace json = boost::json;

constexpr size_t kQueueFieldMax = 100'000;  // recipients that the report names

// A record that was found in a segment and not written yet.
struct Unclaimed {
  int64_t segment;
  uint64_t offset;
  uint64_t size_octets;
  std::string hash;
};

std::string id_text(int64_t id) {
  return std::to_string(id);
}

SqlitePages::Source source_of(io::Disk& disk, const std::string& path) {
  if (!disk.exists(path)) return {};
  std::shared_ptr<io::File> file = disk.open(path, io::OpenMode::read);
  return {[file](uint64_t offset, std::span<char> into) -> size_t {
            try {
              return file->read_at(offset, into);
            } catch (const io::IoError&) {
              return 0;
            }
          },
          file->size()};
}

class Salvage {
 public:
  Salvage(io::World& world, const std::string& directory, const std::string& target, const Progress& progress)
      : disk_(world.disk),
        segments_(segments_directory(directory)),
        progress_(progress),
        writer_(world.disk, target),
        pages_(source_of(disk_, database_path(directory)),
               source_of(disk_, database_path(directory) + "-wal")) {
    result_.database_found = disk_.exists(database_path(directory));
    report_["store"] = directory;
    report_["at"] = to_rfc3339(world.clock.now());
  }

  SalvageResult run() {
    survey_ =
        survey_database(pages_, [this](uint64_t n) { progress_("reading the database", n, pages_.count()); });
    result_.bad_pages = result_.database_found ? survey_.bad_pages.size() : 0;
    index_owners();
    write_inline();
    scan_segments();
    claim_the_rest();
    list_lost_records();
    write_keywords();
    write_report();
    writer_.finish();
    return result_;
  }

 private:
  struct Place {
    int64_t segment;
    uint64_t offset;
    auto operator<=>(const Place&) const = default;
  };

  void index_owners() {
    std::ranges::sort(survey_.mails, {}, &SurveyedMail::message);
    std::ranges::sort(survey_.queue, {},
                      [](const SurveyedRecipient& r) { return std::pair(r.message, r.id); });
    for (const auto& [id, message] : survey_.messages) {
      if (message.location.segment >= 0) by_place_[{message.location.segment, message.location.offset}] = id;
    }
  }

  std::span<const SurveyedMail> mails_of(int64_t message) const {
    return std::ranges::equal_range(survey_.mails, message, {}, &SurveyedMail::message);
  }
  std::span<const SurveyedRecipient> recipients_of(int64_t message) const {
    return std::ranges::equal_range(survey_.queue, message, {}, &SurveyedRecipient::message);
  }

  // "alice@example.org/INBOX"; empty if that is lost.
  std::string folder_of(const SurveyedMail& mail) const {
    auto mailbox = survey_.mailboxes.find(mail.mailbox);
    if (mailbox == survey_.mailboxes.end()) return {};
    auto account = survey_.accounts.find(mailbox->second.account);
    if (account == survey_.accounts.end()) return {};
    return folder_name(account->second) + '/' + folder_path(mailbox->second.name);
  }

  // What this account alone has before the prefix; folder_of() knows the mailbox.
  std::string delivered_as(const SurveyedMail& mail) const {
    auto told = survey_.deliveries.find({mail.message, survey_.mailboxes.at(mail.mailbox).account});
    return told == survey_.deliveries.end() ? std::string() : told->second;
  }

  void write(int64_t id, const SurveyedMessage& message, const MessageText& text, std::string_view bytes) {
    bool placed = false;
    Time received{message.received_ms};
    for (const SurveyedMail& mail : mails_of(id)) {
      std::string folder = folder_of(mail);
      if (folder.empty()) continue;
      std::string file =
          writer_.write(folder, received, id_text(id) + '_' + std::to_string(mail.uid),
                        static_cast<uint64_t>(mail.flags), delivered_as(mail) + text.prefix, bytes);
      note_keywords(mail, file);
      placed = true;
      ++result_.written;
    }
    if (std::span<const SurveyedRecipient> recipients = recipients_of(id); !recipients.empty()) {
      std::string file = writer_.write("queue", received, id_text(id), 0, text.prefix, bytes);
      json::array to;
      for (const SurveyedRecipient& r : recipients.first(std::min(recipients.size(), kQueueFieldMax)))
        to.push_back({{"to", printable(r.address)}, {"held", r.held}});
      queue_.push_back({{"message", id_text(id)},
                        {"file", file},
                        {"from", printable(text.reverse_path)},
                        {"recipients", to}});
      placed = true;
      ++result_.queued;
    }
    if (!placed) write_unknown(received, id_text(id), text.prefix, bytes);
    written_.insert(id);
    if (message.page == 0 || !text.prefix_whole)
      note("fields_lost", id,
           "the header fields that were added on arrival are lost; the mail itself is whole", {});
  }

  // Maildir has letters for some only: the others stand in the report.
  void note_keywords(const SurveyedMail& mail, const std::string& file) {
    const uint64_t bits = static_cast<uint64_t>(mail.flags) >> kFirstKeywordBit;
    if (bits == 0) return;
    with_keywords_.insert(mail.mailbox);
    if (bits >> kKeywordLettersMax == 0) return;
    const std::vector<std::string>& names = survey_.mailboxes.at(mail.mailbox).keywords;
    json::array keywords;
    for (size_t i = 0; i < names.size(); ++i) {
      if (bits >> i & 1) keywords.push_back(json::string(printable(names[i])));
    }
    keywords_.push_back({{"file", file}, {"keywords", keywords}});
  }

  void write_keywords() {
    for (int64_t id : with_keywords_) {
      SurveyedMail mail;
      mail.mailbox = id;
      writer_.write_keywords(folder_of(mail), survey_.mailboxes.at(id).keywords);
    }
  }

  void write_unknown(Time received, const std::string& name, std::string_view prefix,
                     std::string_view bytes) {
    writer_.write("unknown", received, name, 0, prefix, bytes);
    ++result_.unknown;
  }

  // One thing that is not as it was, and whom it concerns.
  void note(std::string_view kind, int64_t id, std::string_view what, const std::string& file) {
    json::array mails, recipients;
    for (const SurveyedMail& mail : mails_of(id)) {
      json::object place{{"uid", mail.uid}};
      auto mailbox = survey_.mailboxes.find(mail.mailbox);
      if (mailbox != survey_.mailboxes.end()) {
        place["mailbox"] = printable(mailbox->second.name);
        auto account = survey_.accounts.find(mailbox->second.account);
        if (account != survey_.accounts.end()) place["account"] = printable(account->second);
      }
      mails.push_back(std::move(place));
    }
    for (const SurveyedRecipient& r : recipients_of(id))
      recipients.push_back(json::string(printable(r.address)));
    json::object entry{{"kind", kind}, {"message", id_text(id)}, {"what", what}, {"mails", mails}};
    if (!recipients.empty()) entry["recipients"] = recipients;
    if (!file.empty()) entry["file"] = file;
    damaged_.push_back(std::move(entry));
  }

  void note_damaged(int64_t id, std::string_view what, const std::string& file) {
    note("mail", id, what, file);
    ++result_.damaged;
    written_.insert(id);
  }

  std::string hash_of(const SurveyedMessage& message) const {
    return {message.hash.begin(), message.hash.end()};
  }

  void write_inline() {
    // In the order of their pages.
    std::vector<std::pair<uint32_t, int64_t>> order;
    for (const auto& [id, message] : survey_.messages) {
      if (message.location.segment < 0) order.emplace_back(message.page, id);
    }
    std::ranges::sort(order);
    for (size_t i = 0; i < order.size(); ++i) {
      progress_("writing small mails", i, order.size());
      int64_t id = order[i].second;
      const SurveyedMessage& message = survey_.messages.at(id);
      MessageText text = read_message_text(pages_, message);
      if (sha256(text.bytes) == hash_of(message)) {
        write(id, message, text, text.bytes);
        continue;
      }
      std::string file = writer_.write_file("damaged", id_text(id), text.prefix, text.bytes);
      note_damaged(
          id, text.bytes_whole ? "its bytes are damaged: the SHA-256 is wrong" : "only its beginning is left",
          file);
    }
  }

  void scan_segments() {
    if (!disk_.exists(segments_)) return;
    std::vector<int64_t> numbers = list_segments(disk_, segments_);
    for (size_t i = 0; i < numbers.size(); ++i) {
      progress_("reading segments", i, numbers.size());
      int64_t number = numbers[i];
      json::object entry{{"segment", number}};
      uint64_t records = 0;
      std::unique_ptr<io::File> opened;
      try {
        opened = disk_.open(segment_path(segments_, number), io::OpenMode::read);
      } catch (const io::IoError& e) {
        entry["error"] = e.what();
        segment_report_.push_back(std::move(entry));
        continue;
      }
      ForgivingFile file(std::move(opened));
      SegmentScan scan = scan_segment(file, number, [&](const FoundRecord& record) {
        ++records;
        take_record(number, record);
      });
      entry["damaged_octets"] = scan.damaged_octets;
      entry["unreadable_octets"] = file.unreadable_octets();
      entry["records"] = records;
      segment_report_.push_back(std::move(entry));
    }
  }

  void take_record(int64_t segment, const FoundRecord& record) {
    std::string hash = sha256(record.bytes);
    auto found = by_place_.find({segment, record.offset});
    if (found != by_place_.end()) {
      const SurveyedMessage& message = survey_.messages.at(found->second);
      // Where the row is lost, the place alone says whose bytes these are.
      if (message.page == 0 || hash_of(message) == hash) {
        write(found->second, message, read_message_text(pages_, message), record.bytes);
        return;
      }
    }
    unclaimed_.push_back({segment, record.offset, record.bytes.size(), std::move(hash)});
  }

  std::string read_record(const Unclaimed& record) {
    ForgivingFile file(disk_.open(segment_path(segments_, record.segment), io::OpenMode::read));
    std::string bytes(record.size_octets, '\0');
    bytes.resize(file.read_at(record.offset + kHeaderOctets, bytes));
    return bytes;
  }

  // Mails whose bytes were not where their rows said; then records that no row named.
  void claim_the_rest() {
    std::map<std::string, size_t> by_hash;
    std::map<Place, size_t> by_place;
    for (size_t i = 0; i < unclaimed_.size(); ++i) {
      by_hash.emplace(unclaimed_[i].hash, i);
      by_place.emplace(Place{unclaimed_[i].segment, unclaimed_[i].offset}, i);
    }
    std::set<size_t> claimed;
    bool rows_lost = !survey_.whole || pages_.damaged_frames() > 0;
    std::vector<int64_t> ids;
    for (const auto& [id, message] : survey_.messages) ids.push_back(id);
    std::ranges::sort(ids);
    for (int64_t id : ids) {
      if (written_.contains(id)) continue;
      rows_lost = true;
      const SurveyedMessage& message = survey_.messages.at(id);
      MessageText text = read_message_text(pages_, message);
      std::optional<size_t> found;
      if (auto same = by_hash.find(hash_of(message)); same != by_hash.end()) found = same->second;
      auto there = by_place.find({message.location.segment, message.location.offset});
      if (!found && there != by_place.end() && unclaimed_[there->second].size_octets == message.size_octets)
        found = there->second;
      if (found) {
        claimed.insert(*found);
        write(id, message, text, read_record(unclaimed_[*found]));
        note("row", id, "its row was damaged; its bytes were found all the same", {});
        continue;
      }
      write_damaged(id, message, text);
    }
    for (size_t i = 0; i < unclaimed_.size(); ++i) {
      if (claimed.contains(i)) continue;
      if (rows_lost) {
        const Unclaimed& record = unclaimed_[i];
        write_unknown(Time{}, std::to_string(record.segment) + '_' + std::to_string(record.offset), "",
                      read_record(record));
      } else {
        ++result_.unreferenced;
      }
    }
  }

  void write_damaged(int64_t id, const SurveyedMessage& message, const MessageText& text) {
    std::string path = segment_path(segments_, message.location.segment);
    if (!disk_.exists(path)) return note_damaged(id, "its segment is missing: " + path, {});
    constexpr uint64_t kDamagedOctetsMax = 1 << 30;
    if (message.size_octets > kDamagedOctetsMax) return note_damaged(id, "its row is damaged", {});
    std::string bytes =
        read_record({message.location.segment, message.location.offset, message.size_octets, ""});
    std::string file = writer_.write_file("damaged", id_text(id), text.prefix, bytes);
    note_damaged(id, "its bytes are damaged: the SHA-256 is wrong", file);
  }

  // Mails and recipients whose message is known no more.
  void list_lost_records() {
    std::set<int64_t> lost;
    for (const SurveyedMail& mail : survey_.mails) {
      if (!survey_.messages.contains(mail.message)) lost.insert(mail.message);
    }
    for (const SurveyedRecipient& recipient : survey_.queue) {
      if (!survey_.messages.contains(recipient.message)) lost.insert(recipient.message);
    }
    for (int64_t id : lost)
      note_damaged(id, "its row is lost; if its bytes lie in a segment, they are in unknown", {});
  }

  void write_report() {
    json::array bad_pages;
    for (const BadPage& page : survey_.bad_pages)
      bad_pages.push_back({{"page", page.number}, {"what", page.what}});
    report_["database"] = {{"found", result_.database_found},
                           {"page_octets", pages_.page_octets()},
                           {"pages", pages_.count()},
                           {"log_frames", pages_.committed_frames()},
                           {"damaged_log_frames", pages_.damaged_frames()},
                           {"bad_pages", bad_pages}};
    report_["segments"] = segment_report_;
    report_["mails"] = {{"written", result_.written},
                        {"queued", result_.queued},
                        {"unknown", result_.unknown},
                        {"damaged", result_.damaged},
                        {"deleted_and_left_out", result_.unreferenced}};
    report_["damaged"] = damaged_;
    report_["keywords"] = keywords_;
    report_["queue"] = queue_;
    writer_.write_file("", "report.json", report_text(), "\n");
  }

  // A line per member, and per element of what may be long.
  std::string report_text() const {
    std::string out;
    for (const auto& member : report_) {
      out += (out.empty() ? "{\n" : ",\n") + json::serialize(json::value(member.key())) + ": ";
      if (!member.value().is_array()) {
        out += json::serialize(member.value());
        continue;
      }
      std::string elements;
      for (const json::value& element : member.value().get_array())
        elements += (elements.empty() ? "\n  " : ",\n  ") + json::serialize(element);
      out += '[' + elements + ']';
    }
    return out + "\n}";
  }

  io::Disk& disk_;
  const std::string segments_;
  const Progress& progress_;
  MaildirWriter writer_;
  SqlitePages pages_;
  Survey survey_;
  std::map<Place, int64_t> by_place_;  // rows that refer into segments
  std::set<int64_t> written_;          // messages that are done, damaged ones too
  std::vector<Unclaimed> unclaimed_;
  SalvageResult result_;
  json::object report_;
  std::set<int64_t> with_keywords_;  // mailboxes
  json::array damaged_, queue_, keywords_, segment_report_;
};

}  // namespace

SalvageResult salvage_store(io::World& world, const std::string& directory, const std::string& target,
                            const Progress& progress) {
  try {
    if (!world.disk.exists(database_path(directory)) && !world.disk.exists(segments_directory(directory)))
      throw StoreError("there is nothing of a store in " + directory);
    if (world.disk.exists(target) && !world.disk.list(target).empty())
      throw StoreError(target + " is not empty: name a directory of its own for what is salvaged");
    // On a disk that is mounted read-only no server can start meanwhile.
    std::unique_ptr<io::FileLock> lock;
    try {
      lock = lock_closed_store(world.disk, directory);
    } catch (const io::IoError&) {
    }
    return Salvage(world, directory, target, progress).run();
  } catch (const io::IoError& e) {
    throw StoreError(e.what(), e.fault() == io::IoFault::no_space);
  }
}

}  // namespace pabal::store
