#include "store/schema.h"

#include <array>

#include "base/bytes.h"
#include "store/folded_names.h"

namespace pabal::store {

namespace {

// For PostgreSQL: INTEGER is BIGINT, BLOB is BYTEA, WITHOUT ROWID goes.
// Times are UTC milliseconds; ids come from Store::new_id, so they rise and new
// rows go to the right edge of their trees.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE domain (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,          -- A-labels, lower case
  catch_all TEXT NOT NULL,            -- '' for none
  created_at INTEGER NOT NULL
);

CREATE TABLE account (
  id INTEGER PRIMARY KEY,
  address TEXT NOT NULL UNIQUE,       -- folded; the login name
  display_name TEXT NOT NULL,
  password TEXT NOT NULL,             -- Argon2id as a PHC string; '' for no login
  scram TEXT NOT NULL,                -- SCRAM-SHA-256 secret; '' for none
  disabled INTEGER NOT NULL,
  quota_octets INTEGER NOT NULL,      -- 0: no limit
  used_octets INTEGER NOT NULL,
  used_messages INTEGER NOT NULL,
  modseq INTEGER NOT NULL,            -- of the newest row in change
  inbox INTEGER NOT NULL,
  created_at INTEGER NOT NULL
);

CREATE TABLE app_password (
  account INTEGER NOT NULL,
  label TEXT NOT NULL,
  password TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account, label)
) WITHOUT ROWID;

CREATE TABLE alias (
  address TEXT NOT NULL,
  target TEXT NOT NULL,
  PRIMARY KEY (address, target)
) WITHOUT ROWID;

CREATE TABLE message (
  id INTEGER PRIMARY KEY,
  reverse_path TEXT NOT NULL,
  envid TEXT NOT NULL,
  ret INTEGER NOT NULL,
  body INTEGER NOT NULL,
  smtputf8 INTEGER NOT NULL,
  prefix BLOB NOT NULL,               -- header fields that stand before the bytes
  hash BLOB NOT NULL,                 -- SHA-256 of the bytes
  size_octets INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  segment INTEGER NOT NULL,           -- -1: the bytes are here
  segment_offset INTEGER NOT NULL,
  bytes BLOB
);
CREATE INDEX message_segment ON message (segment, segment_offset) WHERE segment >= 0;

CREATE TABLE mailbox (
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  name TEXT NOT NULL,
  special_use TEXT NOT NULL,          -- RFC 6154, '' for none
  uidvalidity INTEGER NOT NULL,
  uidnext INTEGER NOT NULL,
  modseq INTEGER NOT NULL,
  messages INTEGER NOT NULL,
  octets INTEGER NOT NULL,
  UNIQUE (account, name)
);

CREATE TABLE mail (
  mailbox INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  message INTEGER NOT NULL,
  modseq INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  size_octets INTEGER NOT NULL,       -- prefix included
  internal_date INTEGER NOT NULL,
  PRIMARY KEY (mailbox, uid)
) WITHOUT ROWID;
CREATE INDEX mail_message ON mail (message);

CREATE TABLE change (
  account INTEGER NOT NULL,
  modseq INTEGER NOT NULL,
  mailbox INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  kind INTEGER NOT NULL,              -- 1 added, 2 flags, 3 expunged
  PRIMARY KEY (account, modseq)
) WITHOUT ROWID;

CREATE TABLE queue_entry (
  id INTEGER PRIMARY KEY,
  message INTEGER NOT NULL,
  local_part TEXT NOT NULL,           -- of the forward-path, unquoted
  domain TEXT NOT NULL,               -- of the forward-path, as given
  destination TEXT NOT NULL,          -- its A-labels, by which the queue groups
  orcpt_type TEXT,                    -- RFC 3461 §4.2, null when not given
  orcpt TEXT,
  notify INTEGER NOT NULL,            -- 1 never, 2 success, 4 failure, 8 delay
  state INTEGER NOT NULL,             -- 0 waiting, 1 held
  attempts INTEGER NOT NULL,
  queued_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  delay_noticed INTEGER NOT NULL,     -- 1: the sender knows that it is late
  last_status TEXT NOT NULL,          -- of the last attempt, '' before the first
  last_reason TEXT NOT NULL,
  last_mta TEXT NOT NULL
);
CREATE INDEX queue_entry_due ON queue_entry (state, due_at, id, destination);
CREATE INDEX queue_entry_message ON queue_entry (message);

CREATE TABLE journey (
  message INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  events TEXT NOT NULL,               -- JSON: [{"at":...,"kind":"...","facts":[["name","value"],...]},...]
  PRIMARY KEY (message, seq)
) WITHOUT ROWID;
)sql";

// What IMAP needs. Columns that are added stand behind all others, in rows that
// are older they are missing; an older mail's saved_at is its internal_date.
constexpr const char* kVersion2 = R"sql(
ALTER TABLE account ADD COLUMN last_uidvalidity INTEGER NOT NULL DEFAULT 0;  -- the highest that was given
ALTER TABLE account ADD COLUMN shared INTEGER NOT NULL DEFAULT 0;            -- 1: a group's, nobody logs in
ALTER TABLE mailbox ADD COLUMN keywords TEXT NOT NULL DEFAULT '';            -- blanks between; n-th: bit 8 + n
ALTER TABLE mailbox ADD COLUMN url_auth_key BLOB NOT NULL DEFAULT x'';       -- RFC 4467, empty for none
ALTER TABLE mail ADD COLUMN saved_at INTEGER NOT NULL DEFAULT 0;             -- 0: internal_date counts
ALTER TABLE message ADD COLUMN checksum INTEGER;                             -- XXH3-64 of the bytes

-- One command's changes share one MODSEQ; what is between uid and uid_last has
-- all been changed or is not there.
ALTER TABLE change RENAME TO change_1;
CREATE TABLE change (
  account INTEGER NOT NULL,
  modseq INTEGER NOT NULL,
  mailbox INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  uid_last INTEGER NOT NULL,
  kind INTEGER NOT NULL,              -- 1 added, 2 flags, 3 expunged, 4 mailbox, 5 mailbox removed
  PRIMARY KEY (account, modseq, mailbox, uid)
) WITHOUT ROWID;
INSERT INTO change (account, modseq, mailbox, uid, uid_last, kind)
  SELECT account, modseq, mailbox, uid, uid, kind FROM change_1 ORDER BY account, modseq;
DROP TABLE change_1;

CREATE TABLE subscription (
  account INTEGER NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (account, name)
) WITHOUT ROWID;
INSERT INTO subscription (account, name) SELECT account, name FROM mailbox;

CREATE TABLE acl (
  mailbox INTEGER NOT NULL,
  identifier TEXT NOT NULL,           -- an address or 'anyone', with '-' before it for negative rights
  rights TEXT NOT NULL,               -- RFC 4314 §2.1
  PRIMARY KEY (mailbox, identifier)
) WITHOUT ROWID;
CREATE INDEX acl_identifier ON acl (identifier, mailbox, rights);

CREATE TABLE metadata (
  mailbox INTEGER NOT NULL,           -- 0: the server's
  owner INTEGER NOT NULL,             -- account whose private entry it is, 0: shared
  entry TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (mailbox, owner, entry)
) WITHOUT ROWID;

-- What is short stands first, so that sorting reads no overflow pages.
CREATE TABLE summary (
  message INTEGER PRIMARY KEY,
  version INTEGER NOT NULL,           -- of the way in which it was made
  sent_at INTEGER NOT NULL,
  sent_day INTEGER NOT NULL,
  subject_is_reply INTEGER NOT NULL,
  base_subject TEXT NOT NULL,
  from_key TEXT NOT NULL,
  to_key TEXT NOT NULL,
  cc_key TEXT NOT NULL,
  from_display TEXT NOT NULL,
  to_display TEXT NOT NULL,
  message_id TEXT NOT NULL,
  refs TEXT NOT NULL,                 -- message-ids with line feeds between
  preview TEXT NOT NULL,
  envelope BLOB NOT NULL,
  body_structure BLOB NOT NULL
);

CREATE TABLE search_text (
  message INTEGER PRIMARY KEY,
  header TEXT NOT NULL,
  body TEXT NOT NULL
);

-- Mailboxes of one account had the same UIDVALIDITY; a name that is given to
-- another of them must get another. Until now none but INBOX could be read, so
-- the others may change.
UPDATE mailbox SET uidvalidity = uidvalidity + (
  SELECT count(*) FROM mailbox AS earlier WHERE earlier.account = mailbox.account AND earlier.id < mailbox.id)
  WHERE id NOT IN (SELECT inbox FROM account);
UPDATE account SET last_uidvalidity =
  coalesce((SELECT max(uidvalidity) FROM mailbox WHERE mailbox.account = account.id), 0);
-- MODSEQ 0 means "none" to IMAP (RFC 7162 §3.1).
UPDATE account SET modseq = 1 WHERE modseq = 0;
UPDATE mailbox SET modseq = 1 WHERE modseq = 0;
)sql";

// What is asked for by itself stands by itself: a search in headers does not
// bring the pages of the bodies along, nor a sort those of the envelopes.
constexpr const char* kVersion3 = R"sql(
ALTER TABLE summary RENAME TO summary_2;
CREATE TABLE summary (
  message INTEGER PRIMARY KEY,
  version INTEGER NOT NULL,           -- of the way in which it was made
  sent_at INTEGER NOT NULL,
  sent_day INTEGER NOT NULL,
  subject_is_reply INTEGER NOT NULL,
  base_subject TEXT NOT NULL,
  from_key TEXT NOT NULL,
  to_key TEXT NOT NULL,
  cc_key TEXT NOT NULL,
  from_display TEXT NOT NULL,
  to_display TEXT NOT NULL,
  message_id TEXT NOT NULL,
  refs TEXT NOT NULL                  -- message-ids with line feeds between
);
CREATE TABLE summary_texts (
  message INTEGER PRIMARY KEY,
  version INTEGER NOT NULL,
  preview TEXT NOT NULL,
  envelope BLOB NOT NULL,
  body_structure BLOB NOT NULL
);
INSERT INTO summary SELECT message, version, sent_at, sent_day, subject_is_reply, base_subject, from_key,
  to_key, cc_key, from_display, to_display, message_id, refs FROM summary_2 ORDER BY message;
INSERT INTO summary_texts SELECT message, version, preview, envelope, body_structure FROM summary_2
  ORDER BY message;
DROP TABLE summary_2;

CREATE TABLE header_text (
  message INTEGER PRIMARY KEY,
  text TEXT NOT NULL
);
CREATE TABLE body_text (
  message INTEGER PRIMARY KEY,
  text TEXT NOT NULL
);
INSERT INTO header_text (message, text) SELECT message, header FROM search_text ORDER BY message;
INSERT INTO body_text (message, text) SELECT message, body FROM search_text ORDER BY message;
DROP TABLE search_text;
)sql";

// Which messages belong together is decided once and kept (RFC 8474 §5.2).
constexpr const char* kVersion4 = R"sql(
CREATE TABLE thread (
  message INTEGER PRIMARY KEY,
  thread INTEGER NOT NULL             -- the message that began it, which may be gone
);

CREATE TABLE thread_link (
  link INTEGER NOT NULL,              -- XXH3-64 of a Message-ID, a line feed and the base subject
  message INTEGER NOT NULL,
  PRIMARY KEY (link, message)
) WITHOUT ROWID;
CREATE INDEX thread_link_message ON thread_link (message);
)sql";

constexpr const char* kVersion5 = R"sql(
-- Annotations count against the quota: one's own those of whose they are, shared
-- ones those of whose mailbox it is.
UPDATE account SET used_octets = used_octets + (
  SELECT sum(length(CAST(metadata.entry AS BLOB)) + length(metadata.value)) FROM metadata
  WHERE metadata.owner = account.id)
  WHERE id IN (SELECT owner FROM metadata);
UPDATE account SET used_octets = used_octets + (
  SELECT sum(length(CAST(metadata.entry AS BLOB)) + length(metadata.value)) FROM metadata
  JOIN mailbox ON mailbox.id = metadata.mailbox WHERE metadata.owner = 0 AND mailbox.account = account.id)
  WHERE id IN (SELECT mailbox.account FROM metadata JOIN mailbox ON mailbox.id = metadata.mailbox
    WHERE metadata.owner = 0);

CREATE INDEX metadata_owner ON metadata (owner, mailbox);

-- A clock that was once beyond 2106 left UIDVALIDITYs of more than 32 bits, which
-- no client can read. What stands for them is of the years 2072 to 2089.
UPDATE mailbox SET uidvalidity = 3221225472 + uidvalidity % 536870912 WHERE uidvalidity > 4294967295;
UPDATE account SET last_uidvalidity =
  coalesce((SELECT max(uidvalidity) FROM mailbox WHERE mailbox.account = account.id), 0)
  WHERE last_uidvalidity > 4294967295;
-- An entry for one account alone of those that the forward-path leads to; 0: for all.
ALTER TABLE queue_entry ADD COLUMN account INTEGER NOT NULL DEFAULT 0;

-- 1: what stands before the prefix differs between accounts, see delivery.
ALTER TABLE message ADD COLUMN deliveries INTEGER NOT NULL DEFAULT 0;
CREATE TABLE delivery (
  message INTEGER NOT NULL,
  account INTEGER NOT NULL,
  fields BLOB NOT NULL,
  PRIMARY KEY (message, account)
) WITHOUT ROWID;

-- Rises when what lets somebody in is taken back: who logged in before is logged out.
ALTER TABLE account ADD COLUMN login_version INTEGER NOT NULL DEFAULT 0;
-- The first UID that no session has been told of (RFC 3501 §2.3.2).
ALTER TABLE mailbox ADD COLUMN first_recent INTEGER NOT NULL DEFAULT 1;

-- What another process has changed beside the server, which looks here.
CREATE TABLE outside_change (
  id INTEGER PRIMARY KEY,             -- rising
  account INTEGER NOT NULL,
  mailbox INTEGER NOT NULL            -- 0: what belongs to the account itself
);
)sql";

// In a group's mailboxes each reader has his own \Seen: private_seen.h. What all had
// in common until now stays in the mails' flags, as what holds without a row.
constexpr const char* kVersion6 = R"sql(
CREATE TABLE private_seen (
  mailbox INTEGER NOT NULL,
  reader INTEGER NOT NULL,            -- account
  uid INTEGER NOT NULL,
  modseq INTEGER NOT NULL,
  seen INTEGER NOT NULL,
  PRIMARY KEY (mailbox, reader, uid)
) WITHOUT ROWID;

ALTER TABLE change ADD COLUMN reader INTEGER NOT NULL DEFAULT 0;  -- who alone sees a difference; 0: everybody
)sql";

constexpr const char* kVersion7 = R"sql(
-- XXH3-64 of every 64 KiB of the bytes, where there are more than that; checksum is
-- missing then. Older messages have it the other way round.
ALTER TABLE message ADD COLUMN block_checksums BLOB;
-- Where the parts of the message lie (mail/outline.h).
ALTER TABLE summary_texts ADD COLUMN outline BLOB NOT NULL DEFAULT x'';
)sql";

// STATUS reads no mail.
constexpr const char* kVersion8 = R"sql(
ALTER TABLE mailbox ADD COLUMN unseen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailbox ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailbox ADD COLUMN deleted_octets INTEGER NOT NULL DEFAULT 0;
UPDATE mailbox SET
  unseen = (SELECT count(*) FROM mail WHERE mail.mailbox = mailbox.id AND mail.flags & 1 = 0),
  deleted = (SELECT count(*) FROM mail WHERE mail.mailbox = mailbox.id AND mail.flags & 8 <> 0),
  deleted_octets = (SELECT coalesce(sum(mail.size_octets), 0) FROM mail
    WHERE mail.mailbox = mailbox.id AND mail.flags & 8 <> 0);
)sql";

// The feed tells which messages came and went (ADR 15). Rows that are older do not: who
// asks for messages asks for what is newer.
constexpr const char* kVersion9 = R"sql(
ALTER TABLE change ADD COLUMN names BLOB;  -- of what came or went: store/names.h
ALTER TABLE account ADD COLUMN feed_horizon INTEGER NOT NULL DEFAULT 0;  -- rows up to this MODSEQ may be gone
ALTER TABLE account ADD COLUMN feed_nameless INTEGER NOT NULL DEFAULT 0; -- rows up to this one name no messages
UPDATE account SET feed_nameless = modseq;

-- Up to where a consumer of the feed has done its work: a FeedPoint.
CREATE TABLE feed_cursor (
  consumer TEXT NOT NULL,
  account INTEGER NOT NULL,
  modseq INTEGER NOT NULL,
  mailbox INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  passed INTEGER NOT NULL,
  PRIMARY KEY (consumer, account)
) WITHOUT ROWID;

-- Messages of threads that others began.
CREATE INDEX thread_follower ON thread (thread) WHERE thread <> message;
)sql";

// The n-th leads from version n to n + 1.
constexpr std::array<const char*, kSchemaVersion> kUpgrades = {
    kVersion1, kVersion2, kVersion3, kVersion4, kVersion5, kVersion6, kVersion7, kVersion8, kVersion9};

}  // namespace

std::string too_new(int version) {
  return "the store has schema version " + std::to_string(version) + ", this program knows up to " +
         std::to_string(kSchemaVersion) + ": use the newer program; nothing was changed";
}

int schema_version(Database& db) {
  Statement tables = db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'");
  if (!tables.step()) return 0;
  Statement select = db.prepare("SELECT value FROM meta WHERE key = 'schema_version'");
  if (!select.step()) throw StoreError("the database has no schema version: it is not a store of ours");
  std::optional<uint64_t> version = parse_uint(select.view(0));
  if (!version || *version > INT32_MAX) throw StoreError("the schema version of the store is unreadable");
  return static_cast<int>(*version);
}

void prepare_schema(Database& db) {
  int version = schema_version(db);
  if (version > kSchemaVersion) throw StoreError(too_new(version));
  if (version == kSchemaVersion) return fold_stored_names(db);
  db.execute("BEGIN IMMEDIATE");
  try {
    for (int v = version; v < kSchemaVersion; ++v) db.execute(kUpgrades[static_cast<size_t>(v)]);
    db.prepare(
          "INSERT INTO meta (key, value) VALUES ('schema_version', ?) "
          "ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        .bind(std::to_string(kSchemaVersion))
        .run();
    db.execute("COMMIT");
  } catch (...) {
    if (db.in_transaction()) db.execute("ROLLBACK");
    throw;
  }
  fold_stored_names(db);
}

}  // namespace pabal::store
