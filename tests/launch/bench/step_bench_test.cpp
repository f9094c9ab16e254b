#include "launch/bench/step_bench.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/npy.h"
#include "core/memory/reusing_allocator.h"
#include "core/t5/flops.h"
#include "core/t5/initialise.h"
#include "launch/bench/timing.h"
#include "launch/commands/bench.h"
#include "tests/launch/one_rank.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

// A tiny model, and one step's examples of three lengths.
struct GivenStep {
  TemporaryFolder folder;
  Model model{named_t5_config("tiny"), initialise_weights(named_t5_config("tiny"), 1, at::kCPU, at::kFloat)};
  Session session{at::Device(at::kCPU), at::kFloat, 1};
  StepBenchOptions options{.prompt = 4, .steps = 1};

  GivenStep() {
    options.examples = folder / "examples.jsonl";
    write_file_atomically(options.examples, R"({"source_ids":[5,6,7,8,9],"target_ids":[10,11]})"
                                            "\n"
                                            R"({"source_ids":[12],"target_ids":[13]})"
                                            "\n"
                                            R"({"source_ids":[14,15],"target_ids":[16,17,18]})"
                                            "\n");
  }
  StepBenchResult run() const { return bench_step(model, session, options, pace_of(options)); }
  // With a prompt of these rows.
  double loss_at(const std::vector<float>& rows) {
    options.init_prompt = folder / "at.npy";
    write_npy(options.init_prompt, {4, model.config().d_model}, rows);
    return run().loss;
  }
};

TEST(StepBench, CountsTheFormulasFlopsOfTheMeasuredStep) {
  const T5Config config = named_t5_config("tiny");
  const Model model(config, initialise_weights(config, 1, at::kCPU, at::kFloat));
  const Session session{at::Device(at::kCPU), at::kFloat, 1};
  const StepBenchOptions options{.prompt = 4, .source = 20, .target = 2, .batch = 3, .steps = 3};
  const StepBenchResult result = bench_step(model, session, options, pace_of(options));
  EXPECT_GT(result.seconds, 0.0);
  EXPECT_NEAR(result.sequences_per_second * result.seconds, 3.0, 1e-9);
  EXPECT_NEAR(result.useful_flops * result.seconds / (3.0 * step_flops(config, 24, 2)), 1.0, 1e-9);
  EXPECT_GT(result.matmul_flops, 1e6);
  EXPECT_GT(result.peak_bytes, model.weights().bytes());
}

TEST(StepBench, CountsRealTokensOfGivenExamples) {
  const GivenStep step;
  const StepBenchResult result = step.run();
  EXPECT_EQ(result.examples, 3);
  EXPECT_EQ(result.micro_batches, 1);
  EXPECT_EQ(result.source_tokens, 8);
  EXPECT_EQ(result.target_tokens, 6);
  const T5Config& config = step.model.config();
  const double flops = step_flops(config, 9, 2) + step_flops(config, 5, 1) + step_flops(config, 6, 3);
  EXPECT_NEAR(result.useful_flops * result.seconds / flops, 1.0, 1e-9);
}

// The slope of the loss along the gradient is the gradient's length.
TEST(StepBench, WritesTheGradientOfTheLossItSays) {
  GivenStep step;
  std::vector<float> rows(static_cast<std::size_t>(4 * step.model.config().d_model));
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(i * 37 % 101) / 50 - 1;
  step.options.write_gradient = step.folder / "gradient.npy";
  (void)step.loss_at(rows);
  const FloatArray gradient = read_npy(step.options.write_gradient);
  EXPECT_EQ(gradient.shape, (std::vector<std::int64_t>{4, step.model.config().d_model}));
  step.options.write_gradient.clear();

  double square = 0;
  for (const double value : gradient.values) square += value * value;
  const double length = std::sqrt(square);
  const double reach = 0.05;
  const auto loss_along = [&](double distance) {
    auto moved = rows;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      moved[i] += static_cast<float>(distance * gradient.values[i] / length);
    }
    return step.loss_at(moved);
  };
  EXPECT_NEAR((loss_along(reach) - loss_along(-reach)) / (2 * reach) / length, 1.0, 0.02);
}

TEST(StepBench, MeasuresAsManyStepsAsItIsAskedFor) {
  const GivenStep step;
  std::vector<StepTime> seen;
  const auto result = bench_step(step.model, step.session, step.options, [&](const std::vector<StepTime>& so_far) {
    seen = so_far;
    return so_far.size() < 3;
  });
  ASSERT_EQ(seen.size(), 3U);
  for (const StepTime& time : seen) {
    EXPECT_GT(time.seconds, 0.0);
    EXPECT_GT(time.processor_seconds, 0.0);
    EXPECT_GT(time.matmul_flops, 0.0);
  }
  EXPECT_EQ(result.seconds, median({seen[0].seconds, seen[1].seconds, seen[2].seconds}));
  const auto none = [](const std::vector<StepTime>&) { return false; };
  EXPECT_THROW((void)bench_step(step.model, step.session, step.options, none), UserError);
}

// T5-base's width, where tensors lie in the memory that is used again. 8 % is docs/performance.md's target.
TEST(StepBench, AStepTakesTheMemoryThatIsPlanned) {
  T5Config config = named_t5_config("t5-base");
  config.num_layers = config.num_decoder_layers = 3;
  config.vocab_size = 1000;
  Session session{at::Device(at::kCPU), at::kFloat, 1};
  reuse_tensor_memory();
  for (const bool recompute : {false, true}) {
    Model model(config, initialise_weights(config, 1, session.device, session.dtype));
    if (recompute) model.recompute_layers();
    StepBenchOptions options;
    options.prompt = 20;
    options.source = 236;
    options.batch = 4;
    int steps = 0;
    const auto result = bench_step(model, session, options, [&](const auto&) { return steps++ == 0; });
    const double ratio = static_cast<double>(result.tensor_bytes) / static_cast<double>(result.planned_bytes);
    EXPECT_NEAR(ratio, 1.0, 0.08) << "recompute " << recompute;
  }
}

TEST(StepBench, AnyCutOfTheExamplesHasTheSameGradient) {
  GivenStep step;
  const auto gradient_of = [&](std::int64_t micro_batch, std::int64_t parts) {
    step.options.micro_batch = micro_batch;
    step.options.write_gradient = step.folder / "gradient.npy";
    EXPECT_EQ(step.run().micro_batches, parts);
    return read_npy(step.options.write_gradient).values;
  };
  const auto whole = gradient_of(1024, 1);
  const auto parts = gradient_of(1, 3);
  for (std::size_t i = 0; i < whole.size(); ++i) ASSERT_NEAR(whole[i], parts[i], 1e-6);
}

TEST(BenchCommand, WritesTheContractsFields) {
  ::testing::internal::CaptureStdout();
  const int code =
      test::run_alone(bench_command(), {"--shape", "tiny", "--prompt", "4", "--source", "20", "--batch", "2", "--steps",
                                        "2", "--threads", "1", "--device", "cpu", "--json"});
  std::fflush(stdout);
  const nlohmann::json object = nlohmann::json::parse(::testing::internal::GetCapturedStdout());
  EXPECT_EQ(code, exit_done);
  for (const char* field : {"sequences_per_second", "useful_flops", "matmul_flops", "ratio", "peak_bytes", "loss"}) {
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
  for (const std::vector<std::string>& of_a_gpu :
       {std::vector<std::string>{"--cuda-graphs"}, {"--attention", "cudnn"}}) {
    std::vector<std::string> words{"--shape", "tiny", "--device", "cpu"};
    words.insert(words.end(), of_a_gpu.begin(), of_a_gpu.end());
    EXPECT_THROW((void)test::run_alone(bench_command(), words), UserError);
  }
}

}  // namespace
}  // namespace prelude::test
