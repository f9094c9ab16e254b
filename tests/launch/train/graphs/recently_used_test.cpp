#include "launch/train/graphs/recently_used.h"

#include <gtest/gtest.h>

#include <memory>

namespace prelude {
namespace {

TEST(RecentlyUsed, TheOneNotAskedForLongestGoes) {
  RecentlyUsed<int, std::string> values(2);
  EXPECT_EQ(values.find(1), nullptr);
  EXPECT_EQ(values.insert(1, "one"), "one");
  values.insert(2, "two");
  ASSERT_NE(values.find(1), nullptr);  // now 2 is the older one
  values.insert(3, "three");
  EXPECT_EQ(values.size(), 2U);
  EXPECT_EQ(values.find(2), nullptr);
  EXPECT_EQ(*values.find(1), "one");
  EXPECT_EQ(*values.find(3), "three");
}

TEST(RecentlyUsed, AValueCanBeReplacedInPlaceAndGoesWithItsKey) {
  RecentlyUsed<int, std::shared_ptr<int>> values(1);
  EXPECT_EQ(values.insert(1, nullptr), nullptr);
  const auto made = std::make_shared<int>(7);
  *values.find(1) = made;
  EXPECT_EQ(**values.find(1), 7);
  values.insert(2, nullptr);
  EXPECT_EQ(made.use_count(), 1);
}

}  // namespace
}  // namespace prelude
