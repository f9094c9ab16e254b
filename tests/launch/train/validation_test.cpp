#include "launch/train/validation.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>
#include <utility>

#include "core/delta/soft_prompt.h"
#include "core/error.h"
#include "launch/lm/held_out.h"
#include "launch/predict/answers.h"
#include "tasks/loader.h"
#include "tests/core/t5/small_backbone.h"
#include "tests/launch/one_rank.h"

namespace prelude {
namespace {

using Ids = std::vector<std::int32_t>;

// A task of one source over and over, whose words answer in the order that a test gives.
class OneSource final : public PretextTask {
 public:
  OneSource(Ids label_ids, Example example) : label_ids_(std::move(label_ids)), example_(std::move(example)) {
    example_.target = {0, 3, label_ids_.at(static_cast<std::size_t>(example_.label))};
  }
  Example training_sample(std::uint64_t /*seed*/, std::uint64_t /*index*/) const override { return example_; }
  Example validation_sample(std::uint64_t /*index*/) const override { return example_; }
  std::uint64_t training_anchors() const override { return 1; }
  std::uint64_t validation_anchors() const override { return 1; }
  const Ids& label_ids() const override { return label_ids_; }

 private:
  Ids label_ids_;
  Example example_;
};

class ValidationTest : public ::testing::Test {
 protected:
  // All ids but the sentinel's, the likeliest answer to the source first.
  Ids by_likelihood() const {
    const DeltaSites sites(prompt_);
    const auto encoded =
        model_.encode(at::tensor({5, 9, 20}, at::kLong).unsqueeze(0), at::tensor({3}, at::kLong), sites);
    const at::Tensor hidden = model_.decode(at::tensor({0, 3}, at::kLong).unsqueeze(0), encoded, sites);  // [1,2,D]
    const at::Tensor order = model_.logits(hidden)[0][1].argsort(0, /*descending=*/true);                 // [V]
    Ids ids(order.const_data_ptr<std::int64_t>(), order.const_data_ptr<std::int64_t>() + order.numel());
    std::erase(ids, 3);
    return ids;
  }
  double accuracy(const PretextTask& task) const {
    return Validation(task, 4, {.examples = 3}, model_.config(), at::Device(at::kCPU), one_.ranks.data())
        .evaluate(model_, prompt_)
        .accuracy.value();
  }
  // What `prelude evaluate` predicts.
  std::int64_t answer(const PretextTask& task) const {
    const LoadedModel loaded(model_, std::make_unique<SoftPrompt>(prompt_.rows().detach(), at::Device(at::kCPU)),
                             std::nullopt, "", at::Device(at::kCPU), one_.ranks.data());
    return answer_examples(loaded, std::vector<Example>{task.validation_sample(0)}, task.label_ids()).best.at(0);
  }

  test::OneRank one_;
  Model model_ = test::small_model(test::small_config(), 3, at::kFloat);
  SoftPrompt prompt_{test::random_tensor({2, 12}, 7).to(at::kFloat), at::Device(at::kCPU)};
  Example example_{.source = {5, 9, 20}, .target = {}, .label = 1};
};

TEST_F(ValidationTest, RanksTheWordsThatAnExampleOffers) {
  const Ids order = by_likelihood();
  const Ids words{order[3], order[1], order[2], order[0]};
  Example two = example_;
  two.options = 2;
  EXPECT_EQ(accuracy(OneSource(words, two)), 1);
  EXPECT_EQ(answer(OneSource(words, two)), 1);
  Example three = example_;
  three.options = 3;
  EXPECT_EQ(accuracy(OneSource(words, three)), 1);
  EXPECT_EQ(answer(OneSource(words, three)), 1);
}

TEST_F(ValidationTest, RanksAllWordsWhereAnExampleOffersAll) {
  const Ids order = by_likelihood();
  const Ids words{order[3], order[1], order[2], order[0]};
  for (const std::int32_t options : {0, 4}) {
    example_.options = options;
    EXPECT_EQ(accuracy(OneSource(words, example_)), 0);
    EXPECT_EQ(answer(OneSource(words, example_)), 3);
  }
}

// Sample k is of id 10 + k; micro-batches sort them by length, and the number stays the sample's.
class NumberedTask final : public PretextTask {
 public:
  Example training_sample(std::uint64_t /*seed*/, std::uint64_t index) const override {
    return validation_sample(index);
  }
  Example validation_sample(std::uint64_t index) const override {
    Example example{
        .source = Ids(1 + index % 3, 10 + static_cast<std::int32_t>(index)), .target = {0, 3, 4}, .label = 0};
    return example;
  }
  std::uint64_t training_anchors() const override { return 8; }
  std::uint64_t validation_anchors() const override { return 8; }
  const Ids& label_ids() const override { return label_ids_; }

 private:
  Ids label_ids_{4, 5};
};

TEST_F(ValidationTest, NamesTheExampleWhoseLossIsNotFinite) {
  const NumberedTask task;
  const at::Device cpu(at::kCPU);
  for (const std::int64_t bad : {-1, 0, 4, 7}) {
    Weights weights = test::spread_weights(test::small_config(), 3, at::kFloat);
    if (bad >= 0) weights.embedding[10 + bad].fill_(std::numeric_limits<float>::infinity());
    const Model model(test::small_config(), weights);
    const ValidationResult result =
        Validation(task, 8, {.examples = 3}, model.config(), cpu, one_.ranks.data()).evaluate(model, prompt_);
    const ValidationResult windows =
        HeldOut(task, 8, {.examples = 3}, model.config(), cpu, one_.ranks.data()).evaluate(model);
    const LoadedModel loaded(model, nullptr, std::nullopt, "", cpu, one_.ranks.data());
    const auto batches = load_validation(task, 8, {.examples = 3});
    if (bad < 0) {
      EXPECT_FALSE(result.not_finite || windows.not_finite);
      EXPECT_EQ(answer_batches(loaded, batches, task.label_ids()).size(), batches.size());
      continue;
    }
    EXPECT_EQ(result.not_finite, bad);
    EXPECT_EQ(windows.not_finite, bad);
    try {
      (void)answer_batches(loaded, batches, task.label_ids());
      ADD_FAILURE() << "no UserError";
    } catch (const UserError& error) {
      EXPECT_NE(std::string(error.what()).find(fmt::format("the loss of held-out example {} is NaN", bad)),
                std::string::npos)
          << error.what();
    }
  }
}

}  // namespace
}  // namespace prelude
