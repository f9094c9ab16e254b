#include "launch/train/validation.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <utility>

#include "core/delta/soft_prompt.h"
#include "launch/predict/answers.h"
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

}  // namespace
}  // namespace prelude
