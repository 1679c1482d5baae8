// Survey: which mails a database names, found by walking over its pages. With
// every page good that is what SQLite would answer. Around damaged pages more
// is found than by the trees alone: leaves whose parents are lost are known by
// the shape of their rows, and indexes stand in for rows that are lost.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/sqlite_pages.h"
#include "store/store.h"

namespace pabal::store {

// Row of message, but for what is long: that is read again from `page`.
struct SurveyedMessage {
  std::array<char, 32> hash{};
  uint64_t size_octets = 0;
  int64_t received_ms = 0;
  BlobLocation location;
  uint32_t page = 0;  // 0: the row is lost, an index knew where the bytes lie
  uint16_t cell = 0;
};

// What was long. The texts are what of them is readable.
struct MessageText {
  std::string reverse_path, prefix, bytes;
  bool prefix_whole = false, bytes_whole = false;
};

struct SurveyedMail {
  int64_t mailbox = 0, uid = 0, message = 0, flags = 0, internal_date_ms = 0;
  bool row_lost = false;  // an index knew it: flags and date are lost
};

struct SurveyedMailbox {
  int64_t account = 0;
  std::string name;
  std::vector<std::string> keywords = {};  // as in Mailbox
};

struct SurveyedRecipient {
  int64_t id = 0, message = 0;
  std::string address;
  bool held = false;
};

struct BadPage {
  uint32_t number = 0;
  std::string what;
};

struct Survey {
  std::unordered_map<int64_t, SurveyedMessage> messages;
  std::vector<SurveyedMail> mails;  // by mailbox and UID
  std::unordered_map<int64_t, SurveyedMailbox> mailboxes;
  std::unordered_map<int64_t, std::string> accounts;  // addresses
  std::vector<SurveyedRecipient> queue;               // by id
  // By message and account: what stands before the prefix, see deliveries.h.
  std::map<std::pair<int64_t, int64_t>, std::string> deliveries;
  std::vector<BadPage> bad_pages;
  bool whole = false;  // every page of every table and index is good
};

// `progress`: pages done.
Survey survey_database(const SqlitePages& pages, const std::function<void(uint64_t)>& progress);

MessageText read_message_text(const SqlitePages& pages, const SurveyedMessage& message);

}  // namespace pabal::store
