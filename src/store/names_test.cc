#include "store/names.h"

#include <gtest/gtest.h>

#include "store/sqlite.h"

namespace pabal::store {
namespace {

TEST(Names, ComeBackAsTheyWere) {
  const Names names = {{{1}, false, {}, false},
                       {{INT64_MAX}, true, {1}, true},
                       {{INT64_MIN}, false, {INT64_MAX}, true},
                       {{-5}, true, {-5}, false},
                       {{0}, false, {7}, false}};
  EXPECT_EQ(unpack_names(pack(names)), names);
  EXPECT_TRUE(unpack_names(pack({})).empty());
}

TEST(Names, TakeFewOctetsWhereMessagesAreNear) {
  Names names;
  for (int64_t i = 0; i < 100; ++i) names.push_back({.message = {(int64_t{1} << 60) + 50 * i}});
  EXPECT_LT(pack(names).size(), 320u);
}

TEST(Names, AreRefusedIfTheyAreDamaged) {
  const std::string whole = pack({{{int64_t{1} << 60}, false, {3}, false}});
  for (size_t octets = 1; octets < whole.size(); ++octets)
    EXPECT_THROW(unpack_names(whole.substr(0, octets)), StoreError) << octets;
  EXPECT_THROW(unpack_names(std::string(40, '\xFF')), StoreError);
}

}  // namespace
}  // namespace pabal::store
