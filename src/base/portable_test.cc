#include "base/portable.h"

#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"

namespace pabal {
namespace {

struct Plain {
  MailboxId mailbox;
  std::string name;
  std::vector<std::pair<int, std::string>> pairs;
  std::optional<Time> at;
  enum Kind { one, two } kind = one;
};
struct Snapshot {
  Plain plain;
  std::map<std::string, std::shared_ptr<const Plain>> others;
};
static_assert(Portable<Plain> && Portable<Snapshot> && Portable<std::unique_ptr<Plain>>);
static_assert(Portable<std::expected<void, Plain::Kind>> && Portable<std::array<char, 4>>);
static_assert(Portable<std::shared_ptr<std::atomic<bool>>>);

// However deep what is shared with a loop lies.
struct Looks {
  Plain plain;
  std::string_view name;
};
struct Points {
  Plain* plain = nullptr;
};
struct Refers {
  int before = 0;
  Plain& plain;
};
struct RefersConst {
  const Plain& plain;
};
struct Shares {
  std::shared_ptr<Plain> plain;
};
struct Calls {
  std::function<void()> call;
};
class Lives {
 public:
  explicit Lives(int n) : n_(n) {}
  int n() const { return n_; }

 private:
  int n_;
};
static_assert(!Portable<Looks> && !Portable<Points> && !Portable<Refers> && !Portable<RefersConst>);
static_assert(!Portable<Shares> && !Portable<Calls> && !Portable<Lives> && !Portable<Lives*>);
static_assert(!Portable<const Plain&> && !Portable<std::string_view> && !Portable<const char*>);
static_assert(!Portable<std::vector<Looks>> && !Portable<std::optional<Points>>);
static_assert(!Portable<std::shared_ptr<const Lives>> && !Portable<std::expected<int, Shares>>);

TEST(Portable, AFunctionIsPlainWhenNothingIsBoundToIt) {
  int here = 1;
  auto bound = [&here] { return here; };
  auto copied = [here] { return here; };
  auto plain = [](int n) { return n; };
  EXPECT_FALSE(PlainFunction<decltype(bound)>);
  EXPECT_FALSE(PlainFunction<decltype(copied)>);
  EXPECT_TRUE(PlainFunction<decltype(plain)>);
  EXPECT_TRUE((PlainFunction<int (*)(int)>));
  EXPECT_FALSE(Portable<decltype(bound)>);
}

}  // namespace
}  // namespace pabal
