#include "store/check_bytes.h"

#include <algorithm>

#include "store/hash.h"

namespace pabal::store {

namespace {

constexpr int64_t kRowsPerStep = 256;
constexpr std::string_view kColumns =
    "SELECT id, segment, segment_offset, size_octets, hash, bytes, checksum, block_checksums FROM message ";
constexpr const char* kWrongChecksum = "the checksum in its row is damaged; its bytes are right";

}  // namespace

std::vector<AffectedMail> affected_mails(Database& db, MessageId message) {
  std::vector<AffectedMail> mails;
  try {
    Statement select = db.prepare(
        "SELECT account.address, mailbox.name, mail.uid FROM mail "
        "LEFT JOIN mailbox ON mailbox.id = mail.mailbox LEFT JOIN account ON account.id = mailbox.account "
        "WHERE mail.message = ?");
    select.bind(message.value);
    while (select.step()) mails.push_back({message, select.text(0), select.text(1), {select.number(2)}, ""});
    Statement queued = db.prepare("SELECT local_part, domain FROM queue_entry WHERE message = ?");
    queued.bind(message.value);
    while (queued.step()) mails.push_back({message, "", "", {}, queued.text(0) + '@' + queued.text(1)});
  } catch (const StoreError&) {
    // The table that would say so is damaged itself, which is a finding of its own.
  }
  if (mails.empty()) mails.push_back({message, "", "", {}, ""});
  return mails;
}

ByteCheck::ByteCheck(io::Disk& disk, const std::string& directory, Database& db,
                     std::function<void(Finding)> on_finding, const Progress& progress)
    : disk_(disk),
      segments_(segments_directory(directory)),
      db_(db),
      reader_(disk, segments_),
      on_finding_(std::move(on_finding)),
      progress_(progress) {}

uint64_t ByteCheck::run(uint64_t messages) {
  int64_t last = INT64_MIN;
  try {
    while (step(last)) progress_("reading the messages", done_, messages);
  } catch (const StoreError&) {
    // The table is damaged there (SQLite's own check has said so): what is behind
    // is reached through the mails that refer to it.
    if (db_.in_transaction()) db_.execute("ROLLBACK");
    one_by_one(last);
  }
  for (auto& [number, finding] : missing_segments_) on_finding_(std::move(finding));
  return octets_;
}

ByteCheck::Row ByteCheck::read_row(const Statement& select) {
  Row row{select.number(0),
          {select.number(1), static_cast<uint64_t>(select.number(2))},
          static_cast<uint64_t>(select.number(3)),
          {.hash = select.text(4)},
          {}};
  if (!select.is_null(6)) row.proof.checksum = select.number(6);
  if (!select.is_null(7)) row.proof.blocks = select.text(7);
  if (row.location.segment < 0) {
    std::string_view bytes = select.view(5);
    if (bytes.size() != row.size_octets || sha256(bytes) != row.proof.hash) {
      row.wrong = "its bytes are damaged: the SHA-256 is wrong";
    } else if (has_wrong_checksum(row, bytes)) {
      row.wrong = kWrongChecksum;
    }
    octets_ += bytes.size();
  }
  return row;
}

// Of bytes whose SHA-256 is right.
bool ByteCheck::has_wrong_checksum(const Row& row, std::string_view bytes) {
  const BytesProof& proof = row.proof;
  if (proof.checksum && *proof.checksum != checksum(bytes)) return true;
  return !proof.blocks.empty() && proof.blocks != block_checksums(bytes);
}

// Some rows behind `last`; false at the end.
bool ByteCheck::step(int64_t& last) {
  std::vector<Row> rows;
  db_.execute("BEGIN");
  {
    Statement select = db_.prepare(std::string(kColumns) + "WHERE id > ? ORDER BY id LIMIT ?");
    select.bind(last).bind(kRowsPerStep);
    try {
      while (select.step()) rows.push_back(read_row(select));
    } catch (const StoreError&) {
      for (const Row& row : rows) check(row);
      if (!rows.empty()) last = rows.back().id;
      throw;
    }
  }
  db_.execute("COMMIT");
  for (const Row& row : rows) check(row);
  if (!rows.empty()) last = rows.back().id;
  return !rows.empty();
}

void ByteCheck::one_by_one(int64_t after) {
  for (int64_t id : referenced_after(after)) {
    try {
      Statement select = db_.prepare(std::string(kColumns) + "WHERE id = ?");
      if (select.bind(id).step()) check(read_row(select));
    } catch (const StoreError& e) {
      on_finding_({Finding::bytes, "message " + std::to_string(id), e.what(), affected_mails(db_, {id})});
    }
  }
}

std::vector<int64_t> ByteCheck::referenced_after(int64_t after) {
  std::vector<int64_t> ids;
  for (const char* sql :
       {"SELECT message FROM mail INDEXED BY mail_message WHERE message > ?",
        "SELECT message FROM queue_entry WHERE message > ?", "SELECT id FROM message WHERE id > ?",
        "SELECT id FROM message WHERE id > ? ORDER BY id DESC"}) {
    try {
      Statement select = db_.prepare(sql);
      select.bind(after);
      while (select.step()) ids.push_back(select.number(0));
    } catch (const StoreError&) {
      // So far.
    }
  }
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  return ids;
}

void ByteCheck::check(const Row& row) {
  ++done_;
  if (row.location.segment < 0) {
    if (!row.wrong.empty()) report(row, row.wrong);
    return;
  }
  try {
    std::string bytes;
    reader_.read(row.location, row.size_octets, {.hash = row.proof.hash}, {}, bytes);
    octets_ += row.size_octets;
    if (has_wrong_checksum(row, bytes)) report(row, kWrongChecksum);
  } catch (const StoreError& e) {
    report(row, e.what());
  }
}

void ByteCheck::report(const Row& row, const std::string& what) {
  // The server may have removed the message, and its segment, since we read the row.
  if (!still_there(row.id)) return;
  std::vector<AffectedMail> mails = affected_mails(db_, {row.id});
  std::string path = segment_path(segments_, row.location.segment);
  if (row.location.segment < 0 || disk_.exists(path)) {
    on_finding_({Finding::bytes, "message " + std::to_string(row.id), what, std::move(mails)});
    return;
  }
  Finding& finding = missing_segments_[row.location.segment];
  if (finding.where.empty()) finding = {Finding::segment, path, "the file is missing", {}};
  finding.mails.insert(finding.mails.end(), mails.begin(), mails.end());
}

bool ByteCheck::still_there(int64_t id) {
  try {
    return db_.prepare("SELECT 1 FROM message WHERE id = ?").bind(id).step();
  } catch (const StoreError&) {
    return true;
  }
}

}  // namespace pabal::store
