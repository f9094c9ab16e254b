// Held-out loss and accuracy over ranks: the same bits as on one.
#include "launch/train/validation.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "core/delta/soft_prompt.h"
#include "dist/gathered_layers.h"
#include "dist/self_communicator.h"
#include "tests/core/t5/small_backbone.h"
#include "tests/dist/ranks.h"
#include "tests/dist/variants.h"

namespace prelude {
namespace {

// Sample i is made of i: lengths from 1 to 13, one of two answers.
class CountingTask final : public PretextTask {
 public:
  Example training_sample(std::uint64_t, std::uint64_t index) const override { return sample(index); }
  Example validation_sample(std::uint64_t index) const override { return sample(index + 1000); }
  std::uint64_t training_anchors() const override { return 100; }
  std::uint64_t validation_anchors() const override { return 100; }
  const std::vector<std::int32_t>& label_ids() const override { return labels_; }

 private:
  Example sample(std::uint64_t index) const {
    Example example;
    for (std::uint64_t k = 0; k <= index % 13; ++k) {
      example.source.push_back(static_cast<std::int32_t>(3 + (7 * index + k) % 30));
    }
    example.label = static_cast<int>(index % 2);
    example.target = {0, 3, labels_[index % 2]};
    return example;
  }
  std::vector<std::int32_t> labels_{5, 9};
};

TEST(ValidationOnRanks, IsThatOfOneRankToTheBit) {
  const auto config = test::variants()[1].config;
  const Weights whole = test::spread_weights(config, 31, at::kFloat);
  const Model model(config, whole);
  Weights slices = share_weights(config, whole, {test::group().rank(), test::group().size()});
  gather_layers(config, slices, test::group().split(0, "layers"));
  const Model sliced(config, slices);
  const SoftPrompt prompt(test::random_tensor({4, config.d_model}, 6).to(at::kFloat), at::kCPU);
  const CountingTask task;
  SelfCommunicator self;
  for (const std::int64_t examples : {1, 10, 23}) {  // fewer micro-batches than ranks, too
    const Validation alone(task, examples, {.examples = 4}, config, at::kCPU, self);
    const Validation shared(task, examples, {.examples = 4}, config, at::kCPU, test::group());
    const auto expected = alone.evaluate(model, prompt);
    const auto got = shared.evaluate(model, prompt);
    const auto gathered = shared.evaluate(sliced, prompt);  // some ranks pass idly
    EXPECT_NEAR(gathered.loss, expected.loss, 1e-6 * expected.loss) << examples;
    EXPECT_EQ(gathered.accuracy, expected.accuracy) << examples;
    EXPECT_EQ(got.loss, expected.loss) << examples;
    EXPECT_EQ(got.accuracy, expected.accuracy) << examples;
  }
}

// Whichever rank has the micro-batch: all say the same example.
TEST(ValidationOnRanks, AllNameTheExampleThatIsNotFinite) {
  const auto config = test::variants()[1].config;
  Weights whole = test::spread_weights(config, 31, at::kFloat);
  const CountingTask task;
  const std::vector<std::int32_t> source = task.validation_sample(5).source;
  whole.embedding[source.back()].fill_(std::numeric_limits<float>::quiet_NaN());
  std::int64_t first = 0;  // that has this id
  while (std::ranges::count(task.validation_sample(static_cast<std::uint64_t>(first)).source, source.back()) == 0)
    ++first;
  Weights slices = share_weights(config, whole, {test::group().rank(), test::group().size()});
  gather_layers(config, slices, test::group().split(0, "layers"));
  const SoftPrompt prompt(test::random_tensor({4, config.d_model}, 6).to(at::kFloat), at::kCPU);
  const Validation one_by_one(task, first + 1, {.examples = 1}, config, at::kCPU, test::group());
  EXPECT_EQ(one_by_one.evaluate(Model(config, whole), prompt).not_finite, first);
  EXPECT_EQ(one_by_one.evaluate(Model(config, slices), prompt).not_finite, first);
}

}  // namespace
}  // namespace prelude
