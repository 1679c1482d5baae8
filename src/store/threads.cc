#include "store/threads.h"

#include <algorithm>
#include <string_view>

#include "mail/search_text.h"
#include "store/changes.h"
#include "store/hash.h"
#include "store/rising_rows.h"

namespace pabal::store {

namespace {

// Of a long list of references: the first one began it, the last ones are nearest.
constexpr size_t kLastReferencesMax = 20;

// By what a message finds others and is found: one number for each Message-ID
// together with the base subject (RFC 8621 §3), folded as it was when the first links
// were stored.
std::vector<int64_t> links_of(const Summary& summary) {
  const std::string subject = mail::fold_for_search(summary.base_subject);
  std::vector<int64_t> links;
  auto add = [&](std::string_view id) {
    if (!id.empty()) links.push_back(checksum(std::string(id) + '\n' + subject));
  };
  const std::vector<std::string>& references = summary.references;
  size_t last = std::min(references.size(), kLastReferencesMax);
  add(summary.message_id);
  if (references.size() > last) add(references.front());
  for (auto id = references.end() - static_cast<ptrdiff_t>(last); id != references.end(); ++id) add(*id);
  std::ranges::sort(links);
  auto [doubled, end] = std::ranges::unique(links);
  links.erase(doubled, end);
  return links;
}

// Of the oldest message to which one of the links leads; 0: there is none.
ThreadId linked_thread(Database& db, const std::vector<int64_t>& links) {
  FoundThread oldest;
  for (int64_t link : links) {
    Statement select = db.prepare(
        "SELECT thread.message, thread.thread FROM thread_link JOIN thread "
        "ON thread.message = thread_link.message WHERE thread_link.link = ? "
        "ORDER BY thread_link.message LIMIT 1");
    if (!select.bind(link).step()) continue;
    FoundThread found{MessageId{select.number(0)}, ThreadId{select.number(1)}};
    if (!oldest.message || found.message < oldest.message) oldest = found;
  }
  return oldest.thread;
}

std::vector<AccountId> list_owners(Database& db, MessageId message) {
  Statement select = db.prepare(
      "SELECT DISTINCT mailbox.account FROM mail JOIN mailbox ON mailbox.id = mail.mailbox "
      "WHERE mail.message = ?");
  select.bind(message.value);
  std::vector<AccountId> owners;
  while (select.step()) owners.push_back(AccountId{select.number(0)});
  return owners;
}

}  // namespace

void ThreadGiving::give(const Summary& summary) {
  const int64_t message = summary.message.value;
  if (tx_.db.prepare("SELECT 1 FROM thread WHERE message = ?").bind(message).step()) return;
  // The last mail of it may have been removed while its summary was made.
  if (!tx_.db.prepare("SELECT 1 FROM message WHERE id = ?").bind(message).step()) return;
  std::vector<int64_t> links = links_of(summary);
  ThreadId thread = linked_thread(tx_.db, links);
  if (!thread) thread = ThreadId{message};
  tx_.db.prepare("INSERT INTO thread (message, thread) VALUES (?, ?)").bind(message).bind(thread.value).run();
  for (int64_t link : links)
    tx_.db.prepare("INSERT INTO thread_link (link, message) VALUES (?, ?)").bind(link).bind(message).run();
  for (AccountId account : list_owners(tx_.db, summary.message)) {
    auto told = accounts_.try_emplace(account, Told{Holdings(tx_.db, account), {}}).first;
    told->second.names.push_back(told->second.holdings.told(summary.message, thread));
  }
}

void ThreadGiving::tell() {
  for (auto& [account, told] : accounts_) {
    Change change{next_modseq(tx_, account), {}, {}, {}, ChangeKind::threads};
    for (size_t i = 0; i < told.names.size(); i += kNamesPerChange) {
      auto begin = told.names.begin() + static_cast<ptrdiff_t>(i);
      const size_t count = std::min(kNamesPerChange, told.names.size() - i);
      change.names.assign(begin, begin + static_cast<ptrdiff_t>(count));
      change.first = Uid{static_cast<int64_t>(i)};  // keeps the rows apart, nothing else
      record_change(tx_, account, change);
    }
  }
}

void give_threads(Transaction& tx, const std::vector<Summary>& summaries) {
  ThreadGiving giving(tx);
  for (const Summary& summary : summaries) giving.give(summary);
  giving.tell();
}

void remove_thread(Transaction& tx, MessageId message) {
  for (const char* sql :
       {"DELETE FROM thread WHERE message = ?", "DELETE FROM thread_link WHERE message = ?"})
    tx.db.prepare(sql).bind(message.value).run();
}

std::vector<FoundThread> find_threads(Database& db, const std::vector<MessageId>& messages) {
  std::vector<FoundThread> found;
  found.reserve(messages.size());
  RisingRows rows(db, "SELECT message, thread FROM thread");
  for (MessageId id : messages) {
    if (const Statement* row = rows.find(id)) found.push_back({id, ThreadId{row->number(1)}});
  }
  return found;
}

}  // namespace pabal::store
