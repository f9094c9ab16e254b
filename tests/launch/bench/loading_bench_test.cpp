#include "launch/bench/loading_bench.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/t5/initialise.h"
#include "core/t5/load.h"
#include "launch/commands/bench.h"
#include "tests/launch/one_rank.h"
#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

TEST(LoadingBench, LoadsAndReadsAllBytesOfTheFilesWarmAndCold) {
  const TemporaryFolder folder;
  const T5Config config = named_t5_config("tiny");
  save_backbone(folder / "b", config, initialise_weights(config, 1, at::kCPU, at::kFloat), "");
  const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(folder / "b/model.safetensors"));
  for (const bool cold : {false, true}) {
    const LoadingBenchOptions options{folder / "b", 3, cold};
    const LoadingBenchResult result = bench_loading(options, {at::Device(at::kCPU), at::kFloat, 2});
    EXPECT_EQ(result.bytes, bytes);
    EXPECT_EQ(result.cold, cold);
    EXPECT_GT(result.load_seconds, 0.0);
    EXPECT_GT(result.read_seconds, 0.0);
    EXPECT_LT(result.load_seconds + result.read_seconds, 30.0);
    EXPECT_EQ(report_of(result).json["bytes"], bytes);
  }
}

TEST(LoadingBench, AsksForABackbone) {
  EXPECT_EQ(message_of([] {
              (void)run_alone(bench_command(), {"--what", "loading"});
            }),
            "--what loading needs --backbone DIR; make one with `prelude backbone create`");
}

}  // namespace
}  // namespace prelude::test
