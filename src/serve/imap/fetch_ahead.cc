#include "serve/imap/fetch_ahead.h"

#include <algorithm>

namespace pabal::serve::imap {

namespace {

// One batch, which is also about what it holds in memory.
constexpr size_t kBatchMessages = 256;
constexpr uint64_t kBatchOctets = 2 * 1024 * 1024;
// Beside the one that is written.
constexpr size_t kLoadsAtATime = 2;
// Read with a message that follows the one before.
constexpr uint32_t kMessagesAhead = 32;

}  // namespace

void FetchAhead::read_on_behind(uint32_t number) {
  snapshot_->each(number + 1, number + kMessagesAhead, [this](uint32_t, const reading::Item& item) {
    expected_.push_back(MessageId{item.message});
  });
}

std::unique_ptr<FetchBatch> FetchAhead::cut() {
  auto batch = std::make_unique<FetchBatch>(reading_, owner_, items_, needs_);
  uint64_t octets = 0;
  bool full = false;
  while (range_ < numbers_.size() && !full) {
    const NumberRange& range = numbers_[range_];
    number_ = std::max(number_, range.first);
    const size_t room = kBatchMessages - batch->sources.size();
    const auto last = static_cast<uint32_t>(std::min<uint64_t>(range.last, uint64_t{number_} + room - 1));
    snapshot_->each(number_, last, [&](uint32_t number, const reading::Item& item) {
      if (full) return;
      batch->add(number, item);
      octets += std::min<uint64_t>(item.size_octets, needs_.octets_max);
      number_ = number + 1;
      full = batch->sources.size() == kBatchMessages || (needs_.bytes && octets > kBatchOctets);
    });
    if (number_ > range.last) ++range_;
  }
  if (batch->sources.empty()) return nullptr;
  batch->expect(std::move(expected_));
  expected_.clear();
  return batch;
}

void FetchAhead::start_loads() {
  while (loads_.size() < kLoadsAtATime) {
    auto load = std::make_unique<Load>();
    load->batch = cut();
    if (!load->batch) return;
    loads_.push_back(std::move(load));
    group_.spawn(run(*loads_.back()));
  }
}

rt::Task<void> FetchAhead::run(Load& load) {
  try {
    co_await load.batch->load();
  } catch (...) {
    load.error = std::current_exception();
  }
  load.done = true;
  load.ended.notify();
}

rt::Task<std::unique_ptr<FetchBatch>> FetchAhead::next() {
  const bool reads = needs_.any();
  if (loads_.empty()) {
    std::unique_ptr<FetchBatch> batch = cut();
    // Nothing to wait for, or only this one: no need to do it beside anything.
    if (batch && reads) {
      co_await batch->load();
      start_loads();
    }
    co_return batch;
  }
  while (!loads_.front()->done) co_await loads_.front()->ended.wait();
  std::unique_ptr<Load> load = std::move(loads_.front());
  loads_.pop_front();
  if (load->error) std::rethrow_exception(load->error);
  start_loads();
  co_return std::move(load->batch);
}

rt::Task<void> FetchAhead::stop() {
  return group_.join();
}

}  // namespace pabal::serve::imap
