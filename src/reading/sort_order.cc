#include "reading/sort_order.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "reading/summaries.h"
#include "rt/offload.h"

namespace pabal::reading {

namespace {

// The values of one criterion, by place in the hits: numbers or texts.
struct Column {
  SortCriterion::Key key;
  bool reverse = false;
  std::vector<int64_t> numbers;
  std::vector<std::string> texts;
};

std::string store::Summary::* text_member(SortCriterion::Key key) {
  switch (key) {
    case SortCriterion::subject:
      return &store::Summary::base_subject;
    case SortCriterion::from:
      return &store::Summary::from_key;
    case SortCriterion::to:
      return &store::Summary::to_key;
    case SortCriterion::cc:
      return &store::Summary::cc_key;
    case SortCriterion::display_from:
      return &store::Summary::from_display;
    case SortCriterion::display_to:
      return &store::Summary::to_display;
    default:
      return nullptr;
  }
}

// What has to be read to sort by it.
void add_wants(SortCriterion::Key key, store::SummaryWants& wants) {
  if (key == SortCriterion::date) {
    wants.dates = true;
  } else if (key == SortCriterion::subject) {
    wants.subject = true;
  } else if (text_member(key) != nullptr) {
    wants.addresses = true;
  }
}

Column column_of(const SortCriterion& criterion, const std::vector<Hit>& hits) {
  Column column{.key = criterion.key, .reverse = criterion.reverse};
  if (text_member(criterion.key)) {
    column.texts.resize(hits.size());
    return column;
  }
  column.numbers.resize(hits.size());
  for (size_t i = 0; i < hits.size(); ++i) {
    // A date that cannot be read falls back on the internal date (RFC 5256 §2.2).
    int64_t& value = column.numbers[i];
    value = hits[i].item->internal_date_ms;
    if (criterion.key == SortCriterion::size) value = hits[i].item->size_octets;
    if (criterion.key == SortCriterion::relevancy) value = -int64_t{hits[i].relevancy};  // best first
  }
  return column;
}

void put(Column& column, size_t place, const store::Summary& summary) {
  if (auto member = text_member(column.key)) column.texts[place] = summary.*member;
  if (column.key == SortCriterion::date) column.numbers[place] = summary.sent_at.ms;
}

class Before {
 public:
  explicit Before(const std::vector<Column>& columns) : columns_(columns) {}
  bool operator()(uint32_t a, uint32_t b) const {
    for (const Column& column : columns_) {
      auto order = column.texts.empty() ? column.numbers[a] <=> column.numbers[b]
                                        : column.texts[a] <=> column.texts[b];
      if (order != 0) return (order < 0) != column.reverse;
    }
    return a < b;
  }

 private:
  const std::vector<Column>& columns_;
};

std::vector<uint32_t> sorted(std::vector<uint32_t> order, const std::vector<Column>& columns) {
  std::ranges::sort(order, Before(columns));
  return order;
}

}  // namespace

rt::Task<void> sort_hits(Context& context, SearchResult& result, const std::vector<SortCriterion>& criteria,
                         Progress& progress) {
  std::vector<Hit>& hits = result.hits;
  std::vector<Column> columns;
  store::SummaryWants wants;
  for (const SortCriterion& criterion : criteria) {
    columns.push_back(column_of(criterion, hits));
    add_wants(criterion.key, wants);
  }
  std::vector<uint32_t> order(hits.size());
  std::iota(order.begin(), order.end(), 0);
  if (wants.dates || wants.subject || wants.addresses) {
    // One message may be several mails.
    std::vector<uint32_t> by_message = order;
    std::ranges::sort(by_message, {}, [&](uint32_t place) { return hits[place].item->message; });
    std::vector<MessageId> messages;
    std::vector<size_t> first_place;  // in by_message, of each message
    for (size_t i = 0; i < by_message.size(); ++i) {
      const Item& item = *hits[by_message[i]].item;
      if (!messages.empty() && messages.back().value == item.message) continue;
      messages.push_back(MessageId{item.message});
      first_place.push_back(i);
    }
    first_place.push_back(by_message.size());
    auto use = [&](size_t index, store::Summary& summary) {
      for (size_t i = first_place[index]; i < first_place[index + 1]; ++i) {
        for (Column& column : columns) put(column, by_message[i], summary);
      }
    };
    size_t damaged = co_await read_summaries(context, messages, wants, progress, use);
    result.damaged += damaged;
  }
  // A large mailbox takes long enough to keep others on this loop waiting.
  order = co_await rt::offload(context.world.blocking, sorted, std::move(order), std::move(columns));
  std::vector<Hit> in_order;
  in_order.reserve(hits.size());
  for (uint32_t place : order) in_order.push_back(hits[place]);
  hits = std::move(in_order);
}

}  // namespace pabal::reading
