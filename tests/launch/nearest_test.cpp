#include "launch/nearest.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace prelude {
namespace {

// The definition, by recursion: slow and plain.
int slow_distance(std::string_view a, std::string_view b) {
  if (a.empty()) return static_cast<int>(b.size());
  if (b.empty()) return static_cast<int>(a.size());
  const auto drop = [](std::string_view s, std::size_t n) { return s.substr(0, s.size() - n); };
  int best = std::min(slow_distance(drop(a, 1), b), slow_distance(a, drop(b, 1))) + 1;
  best = std::min(best, slow_distance(drop(a, 1), drop(b, 1)) + (a.back() == b.back() ? 0 : 1));
  const bool swapped = a.size() > 1 && b.size() > 1 && a.back() == b[b.size() - 2] && a[a.size() - 2] == b.back();
  return swapped ? std::min(best, slow_distance(drop(a, 2), drop(b, 2)) + 1) : best;
}

TEST(Nearest, DistanceIsThatOfTheDefinition) {
  const std::vector<std::string> words{"", "a", "ab", "ba", "abc", "acb", "seed", "sede", "steps", "tesps", "keep"};
  for (const auto& a : words) {
    for (const auto& b : words) EXPECT_EQ(edit_distance(a, b), slow_distance(a, b)) << a << " " << b;
  }
}

TEST(Nearest, NamesTheClosest) {
  const std::vector<std::string> names{"learning-rate", "steps", "seed", "schedule"};
  EXPECT_EQ(nearest_of("lerning-rate", names), "learning-rate");
  EXPECT_EQ(nearest_of("stesp", names), "steps");
  EXPECT_EQ(nearest_of("see", names), "seed");
}

TEST(Nearest, AnAbbreviationNamesWhatItBegins) {
  EXPECT_EQ(nearest_of("st", {"at", "steps"}), "steps");
  EXPECT_EQ(nearest_of("sched", {"seed", "schedule"}), "schedule");
}

TEST(Nearest, NothingToName) { EXPECT_EQ(nearest_of("x", {}), ""); }

}  // namespace
}  // namespace prelude
