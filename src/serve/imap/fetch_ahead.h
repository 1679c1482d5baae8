// Cuts what a FETCH asks for into batches, and reads the next ones while the last
// one is written to the client.
#pragma once

#include <deque>
#include <exception>
#include <memory>
#include <vector>

#include "rt/event.h"
#include "rt/task_group.h"
#include "serve/imap/fetch_batch.h"

namespace pabal::serve::imap {

class FetchAhead {
 public:
  // owner: of the mailbox. items: outlive it.
  FetchAhead(reading::Context& reading, AccountId owner, std::shared_ptr<const reading::Snapshot> snapshot,
             std::vector<NumberRange> numbers, const std::vector<proto::imap::FetchItem>& items,
             FetchNeeds needs)
      : reading_(reading),
        owner_(owner),
        snapshot_(std::move(snapshot)),
        numbers_(std::move(numbers)),
        items_(items),
        needs_(needs) {}

  // The client reads one message after the other: read some behind it as well.
  void read_on_behind(uint32_t number);

  // The next one, loaded; nullptr: that was all. Throws StoreError.
  rt::Task<std::unique_ptr<FetchBatch>> next();
  // Waits for what is under way. Before destruction, whatever has happened.
  rt::Task<void> stop();

 private:
  struct Load {
    std::unique_ptr<FetchBatch> batch;
    std::exception_ptr error;
    bool done = false;
    rt::Event ended;
  };
  std::unique_ptr<FetchBatch> cut();
  void start_loads();
  static rt::Task<void> run(Load& load);

  reading::Context& reading_;
  const AccountId owner_;
  const std::shared_ptr<const reading::Snapshot> snapshot_;
  const std::vector<NumberRange> numbers_;
  const std::vector<proto::imap::FetchItem>& items_;
  const FetchNeeds needs_;
  std::vector<MessageId> expected_;
  size_t range_ = 0;     // in numbers_
  uint32_t number_ = 0;  // the next one is this or behind it
  std::deque<std::unique_ptr<Load>> loads_;
  rt::TaskGroup group_;
};

}  // namespace pabal::serve::imap
