#include "launch/telemetry/run_messages.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <vector>

#include "dist/world.h"
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
