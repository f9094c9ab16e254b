#include "launch/bench/operator_bench.h"

#include <gtest/gtest.h>

#include <cmath>

#include "launch/commands/bench.h"
#include "tests/launch/one_rank.h"

namespace prelude::test {
namespace {

TEST(OperatorBench, ComparesEveryRowWithTheSameMathematics) {
  T5Config config = named_t5_config("tiny");
  config.vocab_size = 300;
  const Session session{at::Device(at::kCPU), at::kFloat, 1};
  const auto cases = operator_cases(config, session, {.source = 24, .target = 3, .batch = 2});
  const auto times = bench_operators(cases, 2);
  ASSERT_EQ(times.size(), cases.size());
  EXPECT_GE(times.size(), 9U);
  for (const OperatorTime& time : times) {
    EXPECT_GT(time.seconds, 0.0) << time.name;
    EXPECT_GT(time.plain_seconds, 0.0) << time.name;
    EXPECT_LT(time.difference, 1e-4) << time.name;
  }
}

TEST(OperatorBench, ShowsADifference) {
  OperatorCase wrong;
  wrong.name = "wrong";
  wrong.inputs = {at::ones({3}).requires_grad_()};
  wrong.ours = [](const std::vector<at::Tensor>& x) { return x[0] * 3; };
  wrong.plain = [](const std::vector<at::Tensor>& x) { return x[0] * 2; };
  EXPECT_NEAR(bench_operators({wrong}, 1).at(0).difference, 0.5, 1e-6);
  wrong.ours = [](const std::vector<at::Tensor>& x) { return (x[0] - 2).sqrt(); };
  EXPECT_TRUE(std::isnan(bench_operators({wrong}, 1).at(0).difference));
}

TEST(OperatorBench, RunsAsACommand) {
  ::testing::internal::CaptureStdout();
  const int code = run_alone(bench_command(), {"--what", "operators", "--shape", "tiny", "--prompt", "4", "--source",
                                               "8", "--batch", "1", "--steps", "1", "--threads", "1", "--json"});
  std::fflush(stdout);
  const auto object = nlohmann::json::parse(::testing::internal::GetCapturedStdout());
  EXPECT_EQ(code, exit_done);
  EXPECT_EQ(object["operators"].at(0)["name"], "linear_map q k v 64 -> 192");
}

}  // namespace
}  // namespace prelude::test
