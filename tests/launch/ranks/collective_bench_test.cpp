#include "launch/bench/collective_bench.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/dist/ranks.h"

namespace prelude {
namespace {

TEST(CollectiveBench, TimesEverySizeOnEveryRank) {
  CollectiveBenchOptions options;
  options.most_bytes = 1 << 12;
  options.steps = 3;
  const auto times = bench_all_reduce(test::group(), at::Device(at::kCPU), options);
  ASSERT_EQ(times.size(), 6U);
  const double share = 2.0 * (test::group().size() - 1) / test::group().size();
  std::int64_t bytes = 4;
  for (const AllReduceTime& time : times) {
    EXPECT_EQ(time.bytes, bytes);
    EXPECT_EQ(time.ranks, test::group().size());
    EXPECT_GT(time.seconds, 0.0);
    EXPECT_NEAR(time.algorithm_rate() * time.seconds, static_cast<double>(bytes), 1e-6 * static_cast<double>(bytes));
    EXPECT_NEAR(time.bus_rate(), share * time.algorithm_rate(), 1e-9 * time.algorithm_rate());
    bytes *= 4;
  }
  const BenchReport report = report_of(times);
  EXPECT_EQ(report.json["ranks"], test::group().size());
  EXPECT_EQ(report.json["all_reduce"].size(), 6U);
}

}  // namespace
}  // namespace prelude
