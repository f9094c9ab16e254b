#pragma once

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/checkpoint/checkpoint.h"
#include "core/error.h"
#include "tests/temporary_folder.h"

namespace prelude {

// A temporary folder and checkpoints whose content is a function of the step.
class CheckpointFixture : public testing::Test {
 protected:
  std::string root() const { return root_.path(); }
  std::string path(const std::string& name) const { return root_ / name; }

  static Checkpoint sample(std::int64_t step, std::int64_t rows = 5) {
    const auto generator = at::make_generator<at::CPUGeneratorImpl>(static_cast<std::uint64_t>(step) + 1);
    Checkpoint checkpoint;
    checkpoint.step = step;
    checkpoint.seed = 0xFEDCBA9876543210U;
    checkpoint.delta = {{"prompt_embeddings", at::randn({rows, 4}, generator)},
                        {"other.part", at::randn({3}, generator)}};
    checkpoint.exp_avg = at::randn({rows * 4 + 3}, generator);
    checkpoint.exp_avg_sq = at::rand({rows * 4 + 3}, generator);
    checkpoint.optimizer_steps = step - 1;
    checkpoint.loop_state = R"({"best_loss":1.5,"step":)" + std::to_string(step) + "}";
    checkpoint.configuration = "steps = 300\nlearning-rate = 0.1\n";
    checkpoint.backbone_hash = "aabb";
    checkpoint.corpus_hash = "ccdd";
    checkpoint.revision = "0.1.0";
    return checkpoint;
  }

  static void expect_equal(const Checkpoint& actual, const Checkpoint& expected) {
    EXPECT_EQ(actual.step, expected.step);
    EXPECT_EQ(actual.seed, expected.seed);
    ASSERT_EQ(actual.delta.size(), expected.delta.size());
    for (std::size_t i = 0; i < expected.delta.size(); ++i) {
      EXPECT_EQ(actual.delta[i].name, expected.delta[i].name);
      EXPECT_TRUE(at::equal(actual.delta[i].value, expected.delta[i].value)) << "part " << i;
    }
    EXPECT_TRUE(at::equal(actual.exp_avg, expected.exp_avg));
    EXPECT_TRUE(at::equal(actual.exp_avg_sq, expected.exp_avg_sq));
    EXPECT_EQ(actual.optimizer_steps, expected.optimizer_steps);
    EXPECT_EQ(actual.loop_state, expected.loop_state);
    EXPECT_EQ(actual.configuration, expected.configuration);
    EXPECT_EQ(actual.backbone_hash, expected.backbone_hash);
    EXPECT_EQ(actual.corpus_hash, expected.corpus_hash);
    EXPECT_EQ(actual.revision, expected.revision);
  }

  static std::string refusal(const std::string& name) {
    try {
      read_checkpoint(name);
    } catch (const UserError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
      return error.what();
    }
    return "";
  }

 private:
  test::TemporaryFolder root_;
};

}  // namespace prelude
