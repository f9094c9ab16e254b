#include "launch/telemetry/run_messages.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <vector>

#include "dist/world.h"
#include "launch/telemetry/run_telemetry.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

class Heard final : public Telemetry {
 public:
  void message(const std::string& text) override { messages.push_back(text); }

  std::vector<std::string> messages;
};

TEST(RunMessages, ARankThatDoesNotSpeakWritesNothing) {
  const test::TemporaryFolder folder;
  const World world;
  const RunFolder run(folder / "run", FolderKind::pretrain_run, world);
  const auto files = [&] {
    return std::distance(std::filesystem::directory_iterator(folder / "run"), std::filesystem::directory_iterator{});
  };
  const auto before = files();
  const auto silent = open_telemetry(run, std::nullopt, 10, false);
  silent->message("nothing");
  EXPECT_EQ(files(), before);
  const auto speaking = open_telemetry(run, std::nullopt, 10, true);
  EXPECT_GT(files(), before);
}

// No step stands at both ends of "training loss 7.79 -> 7.79".
TEST(RunMessages, MeansOfTheEndsShareNoStep) {
  const test::TemporaryFolder folder;
  const auto summary_of = [&](int steps) {
    std::string lines;
    for (int i = 1; i <= steps; ++i) lines += fmt::format("{{\"step\": {}, \"loss\": {}}}\n", i, i);
    test::write_file(folder / "metrics.jsonl", lines);
    return summarise(folder / "metrics.jsonl");
  };
  EXPECT_EQ(summary_of(1).averaged_steps, 0);
  EXPECT_EQ(summary_of(5).averaged_steps, 2);
  EXPECT_EQ(summary_of(5).first_loss, 1.5);
  EXPECT_EQ(summary_of(5).last_loss, 4.5);
  EXPECT_EQ(summary_of(10).averaged_steps, 5);
  EXPECT_EQ(summary_of(50).averaged_steps, 10);
}

TEST(RunMessages, AStopNamesTheSignalOrAnotherRank) {
  Heard heard;
  const StopSignal signal;
  say_stopped(heard, signal, 3, 10);
  std::raise(SIGTERM);
  say_stopped(heard, signal, 4, 10);
  EXPECT_EQ(heard.messages,
            (std::vector<std::string>{
                "stopped by a signal to another rank at step 3 of 10; run the same command again to go on",
                "stopped by SIGTERM at step 4 of 10; run the same command again to go on"}));
}

}  // namespace
}  // namespace prelude
