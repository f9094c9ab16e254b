#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "launch/commands/pretrain_options.h"
#include "tasks/pretext/make_pretext_task.h"

namespace prelude::test {
namespace {

PretrainOptions read_preset(const std::string& name) {
  PretrainOptions options;
  OptionTable table("pretrain", "");
  declare(table, options);
  table.parse_config(PRELUDE_SOURCE_DIR "/launch/presets/" + name);
  return options;
}

// docs/pretext.md, section 4, with counters in updates: NSS and unified NSS add 4 small batches up.
struct Row {
  const char* task;
  std::int64_t max_source;
  std::int64_t steps;
  std::int64_t every;
};

TEST(Presets, HoldPptsNumbers) {
  for (const Row& row : {Row{"nsp", 512, 200'000, 2'000}, Row{"cls", 368, 200'000, 2'000},
                         Row{"nss", 1024, 50'000, 500}, Row{"unified", 768, 50'000, 500}}) {
    PretrainOptions options = read_preset(std::string("ppt-") + row.task + ".ini");
    EXPECT_EQ(options.task, row.task);
    EXPECT_EQ(options.max_source, row.max_source);
    EXPECT_EQ(options.max_source, default_max_source(row.task));
    EXPECT_EQ(options.prompt_length, 100);
    EXPECT_EQ(options.steps, row.steps);
    EXPECT_EQ(options.global_batch, 128);
    EXPECT_EQ(options.micro_tokens, "auto");
    EXPECT_EQ(options.learning_rate, 0.1);
    EXPECT_EQ(options.schedule, "noam");
    EXPECT_EQ(options.weight_decay, 0.01);
    EXPECT_EQ(options.clip, 1.0);
    EXPECT_EQ(options.evaluate_every, row.every);
    EXPECT_EQ(options.checkpoint_every, row.every);
    EXPECT_EQ(options.quirks, "");
    settle(options);
    // PPT's rate 0.1 gives 1.1e-3 at 8,000.
    EXPECT_NEAR(learning_rate(schedule_of(options), 8'000), 1.1e-3, 0.05e-3);
  }
}

TEST(Presets, EveryFileIsRead) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(PRELUDE_SOURCE_DIR "/launch/presets")) {
    names.insert(entry.path().filename().string());
    EXPECT_NO_THROW((void)read_preset(entry.path().filename().string())) << entry.path();
  }
  for (const auto& task : pretext_task_names()) EXPECT_TRUE(names.contains("ppt-" + task + ".ini")) << task;
}

}  // namespace
}  // namespace prelude::test
