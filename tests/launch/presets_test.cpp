#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "launch/commands/pretrain_options.h"
#include "launch/experiment/experiment_options.h"
#include "launch/lm/lm_options.h"
#include "launch/tune/method.h"
#include "launch/tune/task_rows.h"
#include "tasks/pretext/make_pretext_task.h"

namespace prelude::test {
namespace {

const std::string folder = PRELUDE_SOURCE_DIR "/launch/presets/";

template <typename Options>
Options read_options(const std::string& path) {
  Options options;
  OptionTable table("preset", "");
  declare(table, options);
  table.parse_config(path);
  return options;
}

PretrainOptions read_preset(const std::string& name) { return read_options<PretrainOptions>(folder + name); }

std::set<std::string> ini_files(const std::string& below) {
  std::set<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(below)) {
    if (entry.path().extension() == ".ini") paths.insert(entry.path().string());
  }
  return paths;
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

// The embedding of a published T5 is a hundred times as large as in PPT's space: rate times 100, decay, clip and
// epsilon through 100, so that every update is a hundred times PPT's.
TEST(Presets, ForAnUnscaledT5HoldPptsNumbersTimesAHundred) {
  for (const char* task : {"nsp", "nss", "cls", "unified"}) {
    const PretrainOptions scaled = read_preset(fmt::format("ppt-{}.ini", task));
    const PretrainOptions plain = read_preset(fmt::format("ppt-{}-t5.ini", task));
    EXPECT_DOUBLE_EQ(plain.learning_rate, 100 * scaled.learning_rate) << task;
    EXPECT_DOUBLE_EQ(plain.weight_decay, scaled.weight_decay / 100) << task;
    EXPECT_DOUBLE_EQ(plain.clip, scaled.clip / 100) << task;
    EXPECT_DOUBLE_EQ(plain.epsilon, scaled.epsilon / 100) << task;
    EXPECT_EQ(plain.steps, scaled.steps);
    EXPECT_EQ(plain.task, scaled.task);
  }
}

TEST(Presets, EveryFileIsRead) {
  const std::set<std::string> pretrain = ini_files(folder);
  for (const auto& path : pretrain) EXPECT_NO_THROW((void)read_options<PretrainOptions>(path)) << path;
  for (const auto& task : pretext_task_names()) EXPECT_TRUE(pretrain.contains(folder + "ppt-" + task + ".ini")) << task;
  const std::set<std::string> lm = ini_files(folder + "lm");
  EXPECT_FALSE(lm.empty());
  for (const auto& path : lm) EXPECT_NO_THROW((void)read_options<LmOptions>(path)) << path;
  const std::set<std::string> experiments = ini_files(folder + "experiments");
  EXPECT_FALSE(experiments.empty());
  for (const auto& path : experiments) {
    ExperimentOptions options;
    ASSERT_NO_THROW(options = read_options<ExperimentOptions>(path)) << path;
    for (const std::string& method : options.methods) EXPECT_NO_THROW((void)method_named(method));
    for (const std::string& row : options.rows)
      EXPECT_NO_THROW((void)read_task_row(PRELUDE_SOURCE_DIR "/" + row)) << row;
  }
}

}  // namespace
}  // namespace prelude::test
