// A message whose parts several URLs of a command name is read once.
#include "serve/imap/message_url.h"

#include "../store/store_world.h"

namespace pabal::serve::imap {
namespace {

class MessageUrls : public testing::Test {
 protected:
  MessageUrls() : sim_(1), host_(sim_.host("mx.seoul.test", {})), world_(host_.world()) {
    store_ = store::Store::open(world_, {.directory = "/pabal"});
    store_->execute_now([](store::Transaction& tx) { store::make_account(tx); });
  }
  ~MessageUrls() override {
    auto close = [](store::Store& s) -> rt::Task<void> { co_await s.close(); };
    sim_.run(close(*store_));
  }

  static std::string letter(const std::string& name) {
    return "Subject: " + name + "\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nfirst of " +
           name + "\r\n--b\r\n\r\nsecond of " + name + "\r\n--b--\r\n";
  }

  // One letter of each name, as a view shows them.
  static rt::Task<std::vector<reading::Item>> deliver_letters(store::Store& store,
                                                              std::vector<std::string> names) {
    std::vector<reading::Item> items;
    for (const std::string& name : names) {
      std::string text = letter(name);
      const auto octets = static_cast<uint32_t>(text.size());
      MessageId id = co_await store::deliver(store, std::move(text));
      const auto uid = static_cast<uint32_t>(items.size() + 1);
      items.push_back({.uid = uid, .size_octets = octets, .message = id.value});
    }
    co_return items;
  }

  struct Reading {
    reading::Indexer indexer;
    reading::SharedSnapshots snapshots;
    reading::Context context;
    Reading(io::World& world, store::Store& store)
        : indexer(world, store, {}),
          context{.world = world,
                  .store = store,
                  .indexer = indexer,
                  .trees = reading::Trees(store),
                  .known = reading::KnownMailboxes(10),
                  .views = reading::Views(store, snapshots, context.trees, context.known, 0),
                  .texts = reading::MessageCache<store::SummaryTexts>(0),
                  .read_ahead = reading::MessageCache<store::MessageBytes>(0),
                  .cut_off = std::make_shared<std::atomic<bool>>(false)} {}
  };

  sim::SimWorld sim_;
  sim::SimHost& host_;
  io::World world_;
  std::unique_ptr<store::Store> store_;
};

proto::imap::Section part(uint32_t number) {
  proto::imap::Section section;
  section.part = {number};
  return section;
}

TEST_F(MessageUrls, OfOneMessageReadItOnce) {
  auto test = [](io::World world, store::Store& store) -> rt::Task<void> {
    Reading reading(world, store);
    std::vector<std::string> names{"a", "b", "c"};
    std::vector<reading::Item> items = co_await deliver_letters(store, std::move(names));
    const AccountId owner{store::kAccount};
    UrlMessages messages(reading.context, 10'000);  // room for all
    auto first = co_await messages.read(items[0], owner, part(1), {});
    EXPECT_EQ(first, "first of a");
    auto other = co_await messages.read(items[1], owner, part(1), {});
    EXPECT_EQ(other, "first of b");
    auto none = co_await messages.read(items[1], owner, part(3), {});
    EXPECT_FALSE(none);

    // Nobody can read them any more: what is still told was kept.
    store.execute_now([](store::Transaction& tx) { tx.db.execute("DELETE FROM message"); });
    auto second = co_await messages.read(items[0], owner, part(2), {});
    EXPECT_EQ(second, "second of a");
    auto gone = co_await messages.read(items[2], owner, part(1), {});
    EXPECT_FALSE(gone);
  };
  sim_.run(test(world_, *store_));
}

TEST_F(MessageUrls, KeepNoMoreThanThereIsRoomFor) {
  auto test = [](io::World world, store::Store& store) -> rt::Task<void> {
    Reading reading(world, store);
    std::vector<std::string> names{"a", "b"};
    std::vector<reading::Item> items = co_await deliver_letters(store, std::move(names));
    const AccountId owner{store::kAccount};
    UrlMessages messages(reading.context, 10);  // one is kept, however large
    for (const reading::Item& item : items) {
      auto read = co_await messages.read(item, owner, part(1), {});
      EXPECT_TRUE(read);
    }
    store.execute_now([](store::Transaction& tx) { tx.db.execute("DELETE FROM message"); });
    auto last = co_await messages.read(items[1], owner, part(2), {});
    EXPECT_EQ(last, "second of b");
    auto earlier = co_await messages.read(items[0], owner, part(2), {});
    EXPECT_FALSE(earlier);
  };
  sim_.run(test(world_, *store_));
}

}  // namespace
}  // namespace pabal::serve::imap
