#include "store/survey.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "base/bytes.h"
#include "store/mailboxes.h"

namespace pabal::store {

namespace {

constexpr size_t kBadPagesMax = 10'000;

enum class RowKind {
  other,
  message,
  mail,
  mailbox,
  account,
  queue_entry,
  delivery,
  // Entries of indexes: what they are by, then what they lead to.
  message_by_segment,
  mail_by_message,
  mailbox_by_name,
  account_by_address,
};

// How rows look, as far as we read them: "i" integer, "b" text or blob, "n"
// null (an INTEGER PRIMARY KEY stands in the rowid), "?" anything. A row may
// have more columns than these if a later schema adds them at the end.
struct Shape {
  RowKind kind;
  const char* name;  // of the table or index
  bool table;        // with a rowid
  std::string_view columns;
  std::string_view added = "";  // columns that rows of older schemas do not have
};
constexpr Shape kShapes[] = {
    {RowKind::message, "message", true, "nbbiiibbiiii?", "?i?"},
    {RowKind::mailbox, "mailbox", true, "nibbiiiii", "bbiiii"},
    {RowKind::account, "account", true, "nbbbbiiiiiii", "iiiii"},
    {RowKind::queue_entry, "queue_entry", true, "nibbb??iiiiiibbb", "i"},
    {RowKind::mail, "mail", false, "iiiiiii", "i"},
    {RowKind::delivery, "delivery", false, "iib"},
    {RowKind::message_by_segment, "message_segment", false, "iii"},
    {RowKind::mail_by_message, "mail_message", false, "iii"},
    {RowKind::mailbox_by_name, "sqlite_autoindex_mailbox_1", false, "ibi"},
    {RowKind::account_by_address, "sqlite_autoindex_account_1", false, "bi"},
};

const Shape* shape_of(RowKind kind) {
  auto found = std::ranges::find(kShapes, kind, &Shape::kind);
  return found == std::end(kShapes) ? nullptr : found;
}

using Values = std::vector<SqliteValue>;

bool fits(const SqliteValue& value, char column) {
  SqliteValue::Kind kind = value.kind;
  return column == '?' || (column == 'n' && kind == SqliteValue::null) ||
         (column == 'i' && kind == SqliteValue::integer) || (column == 'b' && kind == SqliteValue::bytes);
}

bool fits(const Values& values, std::string_view columns) {
  if (values.size() < columns.size()) return false;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!fits(values[i], columns[i])) return false;
  }
  return true;
}

// No more columns than a row of this kind may have: so is a row known of which
// nothing else tells what it is.
bool looks_like(const Values& values, const Shape& shape) {
  if (!fits(values, shape.columns) || values.size() > shape.columns.size() + shape.added.size()) return false;
  for (size_t i = shape.columns.size(); i < values.size(); ++i) {
    if (!fits(values[i], shape.added[i - shape.columns.size()])) return false;
  }
  return true;
}

std::string text(const SqliteValue& value) {
  return std::string(value.text);
}

// Of a row of mailbox; an older one has none.
std::vector<std::string> keywords(const Values& row) {
  constexpr size_t kColumn = 9;
  std::vector<std::string> out;
  if (row.size() <= kColumn || row[kColumn].text.empty()) return out;
  for (std::string_view keyword : split(row[kColumn].text, ' ')) {
    if (out.size() < kKeywordsMax) out.emplace_back(keyword);
  }
  return out;
}

class Surveyor {
 public:
  Surveyor(const SqlitePages& pages, const std::function<void(uint64_t)>& progress)
      : pages_(pages), progress_(progress), seen_(size_t{pages.count()} + 1) {}

  Survey run() {
    walk_trees();
    FreePages free = list_free_pages(pages_);
    // What no tree leads to is old and not to be woken, unless a tree is broken.
    const bool broken = !out_.bad_pages.empty() || !schema_found_;
    if (broken) {
      for (uint32_t number : free.numbers) seen_[number] = true;
      walk_orphans();
    }
    out_.whole = !broken;
    use_indexes();
    std::ranges::sort(out_.queue, {}, &SurveyedRecipient::id);
    out_.queue.erase(std::ranges::unique(out_.queue, {}, &SurveyedRecipient::id).begin(), out_.queue.end());
    return std::move(out_);
  }

 private:
  struct Visit {
    uint32_t page;
    RowKind kind;
  };

  void bad(uint32_t number, std::string what) {
    if (out_.bad_pages.size() < kBadPagesMax) out_.bad_pages.push_back({number, std::move(what)});
  }

  bool take(uint32_t number) {
    if (number == 0 || number > pages_.count() || seen_[number]) return false;
    seen_[number] = true;
    if (++done_ % 1024 == 0) progress_(done_);
    return true;
  }

  // Page 1 is the root of sqlite_master: type, name, tbl_name, rootpage, sql.
  void walk_trees() {
    std::vector<Visit> roots;
    walk_tree({1, RowKind::other}, [&](const BtreePage& page) {
      for (const SqliteCell& cell : page.cells) {
        Values row = decode_record(cell.payload);
        if (page.kind != BtreePage::table_leaf || !fits(row, "bbbi")) continue;
        RowKind kind = RowKind::other;
        for (const Shape& shape : kShapes) {
          if (row[1].text == shape.name) kind = shape.kind;
        }
        if (kind == RowKind::message) schema_found_ = true;
        if (row[3].number > 0 && row[3].number <= UINT32_MAX)
          roots.push_back({static_cast<uint32_t>(row[3].number), kind});
      }
    });
    for (const Visit& root : roots) walk_tree(root, [&](const BtreePage&) {});
  }

  template <class OnPage>
  void walk_tree(Visit root, OnPage on_page) {
    std::vector<Visit> stack{root};
    while (!stack.empty()) {
      Visit visit = stack.back();
      stack.pop_back();
      if (!take(visit.page)) {
        bad(visit.page, "is named twice, or lies behind the end");
        continue;
      }
      BtreePage page = parse_btree_page(pages_, visit.page);
      if (page.kind == BtreePage::none) {
        bad(visit.page, "is no page of a table");
        continue;
      }
      on_page(page);
      use(page, visit.page, visit.kind);
      if (!page.interior()) continue;
      stack.push_back({page.right_child, visit.kind});
      for (const SqliteCell& cell : page.cells) stack.push_back({cell.child, visit.kind});
    }
  }

  void walk_orphans() {
    for (uint32_t number = 1; number <= pages_.count(); ++number) {
      if (!take(number)) continue;
      BtreePage page = parse_btree_page(pages_, number);
      if (page.kind != BtreePage::none) use(page, number, std::nullopt);
    }
  }

  // Takes the rows of a page; of a kind that a tree tells, else by their shape.
  void use(const BtreePage& page, uint32_t number, std::optional<RowKind> kind) {
    for (uint32_t overflow : page.overflow_pages) seen_[overflow] = true;
    if (page.bad_cells > 0) bad(number, std::to_string(page.bad_cells) + " of its entries are damaged");
    if (page.kind == BtreePage::table_interior) return;
    const bool table = page.kind == BtreePage::table_leaf;
    for (const SqliteCell& cell : page.cells) {
      Values row = decode_record(cell.payload);
      if (kind) {
        const Shape* shape = shape_of(*kind);
        if (shape == nullptr) continue;
        if (shape->table == table && fits(row, shape->columns)) {
          use_row(*kind, cell, row, number);
        } else {
          bad(number, "entry " + std::to_string(cell.index) + " is no row of " + shape->name);
        }
        continue;
      }
      for (const Shape& shape : kShapes) {
        if (shape.table == table && looks_like(row, shape)) use_row(shape.kind, cell, row, number);
      }
    }
  }

  void use_row(RowKind kind, const SqliteCell& cell, const Values& row, uint32_t page) {
    switch (kind) {
      case RowKind::message:
        use_message(cell, row, page);
        break;
      case RowKind::mailbox:
        out_.mailboxes.try_emplace(cell.rowid, SurveyedMailbox{row[1].number, text(row[2]), keywords(row)});
        break;
      case RowKind::account:
        out_.accounts.try_emplace(cell.rowid, text(row[1]));
        break;
      case RowKind::queue_entry:
        out_.queue.push_back(
            {cell.rowid, row[1].number, text(row[2]) + '@' + text(row[3]), row[8].number != 0});
        break;
      case RowKind::mail:
        out_.mails.push_back(
            {row[0].number, row[1].number, row[2].number, row[4].number, row[6].number, false});
        break;
      case RowKind::delivery:
        use_delivery(row);
        break;
      default:
        // Which index an orphan belongs to is told by what it names: see use_indexes.
        if (kind == RowKind::message_by_segment)
          by_segment_.push_back({row[0].number, row[1].number, row[2].number});
        if (kind == RowKind::mail_by_message)
          by_message_.push_back({row[0].number, row[1].number, row[2].number});
        if (kind == RowKind::mailbox_by_name)
          mailboxes_by_name_.try_emplace(row[2].number, SurveyedMailbox{row[0].number, text(row[1]), {}});
        if (kind == RowKind::account_by_address)
          accounts_by_address_.try_emplace(row[1].number, text(row[0]));
    }
  }

  void use_message(const SqliteCell& cell, const Values& row, uint32_t page) {
    const SqliteValue& hash = row[7];
    SurveyedMessage message;
    if (hash.text.size() != message.hash.size() || row[11].cut) {
      bad(page, "entry " + std::to_string(cell.index) + " is no row of message");
      return;
    }
    std::ranges::copy(hash.text, message.hash.begin());
    message.size_octets = static_cast<uint64_t>(row[8].number);
    message.received_ms = row[9].number;
    message.location = {row[10].number, static_cast<uint64_t>(row[11].number)};
    message.page = page;
    message.cell = cell.index;
    out_.messages.try_emplace(cell.rowid, message);
  }

  // "iib" is also the shape of an index: header fields end a line.
  void use_delivery(const Values& row) {
    if (row[2].cut || !row[2].text.ends_with("\r\n")) return;
    out_.deliveries.try_emplace({row[0].number, row[1].number}, text(row[2]));
  }

  void use_indexes() {
    if (!out_.whole) {
      // "bi" is also the shape of other indexes: an address tells.
      for (auto& [id, address] : accounts_by_address_) {
        if (address.find('@') != std::string::npos) out_.accounts.try_emplace(id, std::move(address));
      }
      for (auto& [id, mailbox] : mailboxes_by_name_) {
        if (out_.accounts.contains(mailbox.account)) out_.mailboxes.try_emplace(id, std::move(mailbox));
      }
      for (const Triple& mail : by_message_) {
        if (out_.mailboxes.contains(mail[1]) && mail[2] > 0)
          out_.mails.push_back({mail[1], mail[2], mail[0], 0, 0, true});
      }
    }
    std::ranges::sort(out_.mails, {},
                      [](const SurveyedMail& m) { return std::tuple(m.mailbox, m.uid, m.row_lost); });
    auto same = [](const SurveyedMail& a, const SurveyedMail& b) {
      return a.mailbox == b.mailbox && a.uid == b.uid;
    };
    out_.mails.erase(std::ranges::unique(out_.mails, same).begin(), out_.mails.end());
    if (out_.whole) return;
    for (const Triple& place : by_segment_) {
      bool plausible = place[0] >= 0 && place[1] > 0 && place[0] <= INT32_MAX;
      SurveyedMessage message;
      message.location = {place[0], static_cast<uint64_t>(place[1])};
      if (plausible) out_.messages.try_emplace(place[2], message);
    }
  }

  using Triple = std::array<int64_t, 3>;
  const SqlitePages& pages_;
  const std::function<void(uint64_t)>& progress_;
  std::vector<bool> seen_;
  uint64_t done_ = 0;
  bool schema_found_ = false;
  Survey out_;
  std::vector<Triple> by_segment_, by_message_;
  std::unordered_map<int64_t, SurveyedMailbox> mailboxes_by_name_;
  std::unordered_map<int64_t, std::string> accounts_by_address_;
};

}  // namespace

Survey survey_database(const SqlitePages& pages, const std::function<void(uint64_t)>& progress) {
  return Surveyor(pages, progress).run();
}

MessageText read_message_text(const SqlitePages& pages, const SurveyedMessage& message) {
  MessageText found;
  if (message.page == 0) return found;
  BtreePage page = parse_btree_page(pages, message.page);
  for (const SqliteCell& cell : page.cells) {
    if (cell.index != message.cell) continue;
    Values row = decode_record(cell.payload);
    if (!fits(row, shape_of(RowKind::message)->columns)) return found;
    found.reverse_path = row[1].text;
    found.prefix = row[6].text;
    found.prefix_whole = !row[6].cut;
    found.bytes = row[12].text;
    found.bytes_whole = !row[12].cut;
  }
  return found;
}

}  // namespace pabal::store
