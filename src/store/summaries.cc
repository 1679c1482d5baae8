#include "store/summaries.h"

#include <algorithm>

#include "base/bytes.h"
#include "store/hash.h"
#include "store/rising_rows.h"

namespace pabal::store {

namespace {

// Columns that are not asked for are constants, so that every column keeps its place.
std::string columns(SummaryWants wants) {
  auto names = [](bool wanted, const char* those, const char* empty) { return wanted ? those : empty; };
  return std::string("SELECT message, version, ") + names(wants.dates, "sent_at, sent_day, ", "0, 0, ") +
         names(wants.subject, "subject_is_reply, base_subject, ", "0, '', ") +
         names(wants.addresses, "from_key, to_key, cc_key, from_display, to_display, ",
               "'', '', '', '', '', ") +
         names(wants.references, "message_id, refs ", "'', '' ") + "FROM summary";
}

std::vector<std::string> split_references(std::string_view text) {
  std::vector<std::string> references;
  if (text.empty()) return references;
  for (std::string_view reference : split(text, '\n')) references.emplace_back(reference);
  return references;
}

Summary read_summary(const Statement& row) {
  Summary summary;
  summary.message = MessageId{row.number(0)};
  summary.sent_at = Time{row.number(2)};
  summary.sent_day = static_cast<int32_t>(row.number(3));
  summary.subject_is_reply = row.number(4) != 0;
  summary.base_subject = row.text(5);
  summary.from_key = row.text(6);
  summary.to_key = row.text(7);
  summary.cc_key = row.text(8);
  summary.from_display = row.text(9);
  summary.to_display = row.text(10);
  summary.message_id = row.text(11);
  summary.references = split_references(row.view(12));
  return summary;
}

// Stands in no folded text: there it is a blank.
constexpr char kTextEnd = '\f';

// Begins every text, so that one of an older version is known without reading its summary.
std::string text_mark() {
  return std::to_string(kSummaryVersion) + kTextEnd;
}

// With a checksum behind it: a damaged outline would show octets of another place.
std::string seal(std::string_view outline) {
  std::string out(outline);
  const auto sum = static_cast<uint64_t>(checksum(outline));
  for (size_t i = 0; i < sizeof sum; ++i) out += static_cast<char>(sum >> (8 * i));
  return out;
}

// "": it is damaged.
std::string_view unseal(std::string_view sealed) {
  constexpr size_t kSumOctets = sizeof(uint64_t);
  if (sealed.size() < kSumOctets) return {};
  std::string_view outline = sealed.substr(0, sealed.size() - kSumOctets);
  return seal(outline) == sealed ? outline : std::string_view();
}

bool take_text(const Statement* row, std::string_view mark, std::string_view& text) {
  if (row == nullptr) return false;
  text = row->view(1);
  if (!text.starts_with(mark)) return false;
  text.remove_prefix(mark.size());
  return true;
}

}  // namespace

void remove_summary(Transaction& tx, MessageId message) {
  for (const char* sql :
       {"DELETE FROM summary WHERE message = ?", "DELETE FROM summary_texts WHERE message = ?",
        "DELETE FROM header_text WHERE message = ?", "DELETE FROM body_text WHERE message = ?"})
    tx.db.prepare(sql).bind(message.value).run();
}

void put_summary(Transaction& tx, const Summary& summary, const SearchText& text) {
  // The last mail of it may have been removed while this was made.
  if (!tx.db.prepare("SELECT 1 FROM message WHERE id = ?").bind(summary.message.value).step()) return;
  remove_summary(tx, summary.message);
  tx.db
      .prepare(
          "INSERT INTO summary (message, version, sent_at, sent_day, subject_is_reply, base_subject, "
          "from_key, to_key, cc_key, from_display, to_display, message_id, refs) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(summary.message.value)
      .bind(kSummaryVersion)
      .bind(summary.sent_at.ms)
      .bind(int64_t{summary.sent_day})
      .bind(int64_t{summary.subject_is_reply})
      .bind(summary.base_subject)
      .bind(summary.from_key)
      .bind(summary.to_key)
      .bind(summary.cc_key)
      .bind(summary.from_display)
      .bind(summary.to_display)
      .bind(summary.message_id)
      .bind(join(summary.references, "\n"))
      .run();
  tx.db
      .prepare(
          "INSERT INTO summary_texts (message, version, preview, envelope, body_structure, outline) "
          "VALUES (?, ?, ?, ?, ?, ?)")
      .bind(summary.message.value)
      .bind(kSummaryVersion)
      .bind(summary.texts.preview.value_or(""))
      .bind_blob(summary.texts.envelope)
      .bind_blob(summary.texts.body_structure)
      .bind_blob(seal(summary.texts.outline))
      .run();
  tx.db.prepare("INSERT INTO header_text (message, text) VALUES (?, ?)")
      .bind(text.message.value)
      .bind(text_mark() + text.addresses + kTextEnd + text.header)
      .run();
  tx.db.prepare("INSERT INTO body_text (message, text) VALUES (?, ?)")
      .bind(text.message.value)
      .bind(text_mark() + text.body)
      .run();
}

std::vector<Summary> find_summaries(Database& db, const std::vector<MessageId>& messages,
                                    SummaryWants wants) {
  std::vector<Summary> summaries;
  RisingRows rows(db, columns(wants));
  for (MessageId id : messages) {
    const Statement* row = rows.find(id);
    if (row != nullptr && row->number(1) == kSummaryVersion) summaries.push_back(read_summary(*row));
  }
  return summaries;
}

std::vector<FoundTexts> find_summary_texts(Database& db, const std::vector<MessageId>& messages) {
  std::vector<FoundTexts> found;
  found.reserve(messages.size());
  RisingRows rows(db,
                  "SELECT message, version, preview, envelope, body_structure, outline FROM summary_texts");
  for (MessageId id : messages) {
    const Statement* row = rows.find(id);
    if (row == nullptr || row->number(1) != kSummaryVersion) continue;
    found.push_back({id,
                     {.envelope = row->text(3),
                      .body_structure = row->text(4),
                      .outline = std::string(unseal(row->view(5))),
                      .preview = row->text(2)}});
  }
  return found;
}

void read_search_texts(Database& db, const std::vector<MessageId>& messages, bool header, bool body,
                       const std::function<bool(const FoundSearchText&)>& use) {
  const std::string mark = text_mark();
  RisingRows headers(db, "SELECT message, text FROM header_text");
  RisingRows bodies(db, "SELECT message, text FROM body_text");
  for (MessageId id : messages) {
    const Statement* of_header = header ? headers.find(id) : nullptr;
    const Statement* of_body = body ? bodies.find(id) : nullptr;
    FoundSearchText found{.message = id, .header = {}, .addresses = {}, .body = {}};
    if (header && !take_text(of_header, mark, found.header)) continue;
    if (body && !take_text(of_body, mark, found.body)) continue;
    if (header) {
      found.addresses = found.header.substr(0, found.header.find(kTextEnd));
      found.header.remove_prefix(std::min(found.addresses.size() + 1, found.header.size()));
    }
    if (!use(found)) return;
  }
}

std::vector<MessageId> list_unsummarized(Database& db, MessageId after, size_t max) {
  Statement select = db.prepare(
      "SELECT DISTINCT message FROM mail WHERE message > ? AND (NOT EXISTS "
      "(SELECT 1 FROM summary WHERE summary.message = mail.message AND summary.version = ?) "
      "OR NOT EXISTS (SELECT 1 FROM thread WHERE thread.message = mail.message)) "
      "AND EXISTS (SELECT 1 FROM message WHERE message.id = mail.message) ORDER BY message LIMIT ?");
  select.bind(after.value).bind(kSummaryVersion).bind(static_cast<int64_t>(max));
  std::vector<MessageId> messages;
  while (select.step()) messages.push_back(MessageId{select.number(0)});
  return messages;
}

}  // namespace pabal::store
