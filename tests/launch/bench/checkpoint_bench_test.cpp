#include "launch/bench/checkpoint_bench.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "launch/commands/bench.h"
#include "tests/launch/one_rank.h"
#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

TEST(CheckpointBench, MeasuresAFileOfThePromptAndItsMomentsAndRemovesIt) {
  const TemporaryFolder folder;
  CheckpointBenchOptions options;
  options.prompt = 20;
  options.d_model = 64;
  options.steps = 2;
  options.folder = folder / "";
  const CheckpointBenchResult result = bench_checkpoint(options);
  EXPECT_GE(result.bytes, 3 * 20 * 64 * 4);
  EXPECT_LT(result.bytes, 3 * 20 * 64 * 4 + 20000);
  EXPECT_GT(result.write_seconds, 0.0);
  EXPECT_GT(result.read_seconds, 0.0);
  EXPECT_TRUE(std::filesystem::is_empty(options.folder));
}

TEST(CheckpointBench, RefusesAFolderThatIsNot) {
  EXPECT_EQ(message_of([] {
              (void)run_alone(bench_command(), {"--what", "checkpoint", "--folder", "/nowhere", "--shape", "tiny"});
            }),
            "--folder: '/nowhere' is no folder; make it");
}

}  // namespace
}  // namespace prelude::test
