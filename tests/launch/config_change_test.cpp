#include "launch/config_change.h"

#include <gtest/gtest.h>

namespace prelude {
namespace {

struct Fields {
  std::vector<std::string> input;
  int steps = 3;
  std::optional<double> rate;
  OptionTable table() {
    OptionTable table("demo", "");
    table.add("input", input, "FILE", "x");
    table.add("steps", steps, "N", "x");
    table.add("rate", rate, "X", "x");
    return table;
  }
};

TEST(ConfigChange, NamesWhatDiffers) {
  Fields before{{"a", "b"}, 3, {}};
  Fields now{{"a"}, 3, 0.5};
  const auto changes = config_changes(before.table(), now.table());
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].name, "input");
  EXPECT_EQ(changes[0].before, "a b");
  EXPECT_EQ(changes[0].now, "a");
  EXPECT_EQ(changes[1].name, "rate");
  EXPECT_EQ(changes[1].before, "");
  EXPECT_EQ(changes[1].now, "0.5");
  EXPECT_TRUE(config_changes(now.table(), now.table()).empty());
}

}  // namespace
}  // namespace prelude
