#include "launch/bench/step_bench.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/t5/flops.h"
#include "core/t5/initialise.h"
#include "launch/commands/bench.h"
#include "tests/launch/one_rank.h"

namespace prelude::test {
namespace {

TEST(StepBench, CountsTheFormulasFlopsOfTheMeasuredStep) {
  const T5Config config = named_t5_config("tiny");
  const Model model(config, initialise_weights(config, 1, at::kCPU, at::kFloat));
  const Session session{at::Device(at::kCPU), at::kFloat, 1};
  const StepBenchOptions options{.prompt = 4, .source = 20, .target = 2, .batch = 3, .steps = 3};
  const StepBenchResult result = bench_step(model, session, options);
  EXPECT_GT(result.seconds, 0.0);
  EXPECT_NEAR(result.sequences_per_second * result.seconds, 3.0, 1e-9);
  EXPECT_NEAR(result.useful_flops * result.seconds / (3.0 * step_flops(config, 24, 2)), 1.0, 1e-9);
  EXPECT_GT(result.matmul_flops, 1e6);
  EXPECT_GT(result.peak_bytes, model.weights().bytes());
}

TEST(BenchCommand, WritesTheContractsFields) {
  ::testing::internal::CaptureStdout();
  const int code =
      test::run_alone(bench_command(), {"--shape", "tiny", "--prompt", "4", "--source", "20", "--batch", "2", "--steps",
                                        "2", "--threads", "1", "--device", "cpu", "--json"});
  std::fflush(stdout);
  const nlohmann::json object = nlohmann::json::parse(::testing::internal::GetCapturedStdout());
  EXPECT_EQ(code, exit_done);
  for (const char* field : {"sequences_per_second", "useful_flops", "matmul_flops", "ratio", "peak_bytes"}) {
    EXPECT_GT(object.at(field).get<double>(), 0.0) << field;
  }
  EXPECT_NEAR(
      object["ratio"].get<double>() * object["matmul_flops"].get<double>() / object["useful_flops"].get<double>(), 1.0,
      1e-9);
  EXPECT_EQ(object["model"], "tiny");
  EXPECT_EQ(object["threads"], 1);
}

TEST(BenchCommand, RefusesWhatItCannotMeasure) {
  EXPECT_THROW((void)test::run_alone(bench_command(), {"--shape", "t5-huge"}), UserError);
  EXPECT_THROW((void)test::run_alone(bench_command(), {"--shape", "tiny", "--backbone", "x"}), UserError);
  EXPECT_THROW((void)test::run_alone(bench_command(), {"--what", "everything"}), UserError);
}

}  // namespace
}  // namespace prelude::test
