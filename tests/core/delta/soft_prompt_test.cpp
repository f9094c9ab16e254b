#include "core/delta/soft_prompt.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/core/random_tensor.h"

namespace prelude {
namespace {

using namespace test;

TEST(SoftPrompt, StandsBeforeTheTextAndLengthensIt) {
  const SoftPrompt prompt(random_tensor({2, 3}, 1), at::kCPU);
  const at::Tensor embeddings = random_tensor({4, 5, 3}, 2);
  const at::Tensor lengths = at::tensor({5, 1, 0, 2}, at::kLong);
  const EncoderInput out = prompt.encoder_input({embeddings, at::zeros({4, 5}, at::kLong), lengths}, {});
  ASSERT_EQ(out.embeddings.sizes(), at::IntArrayRef({4, 7, 3}));
  for (std::int64_t b = 0; b < 4; ++b) {
    EXPECT_TRUE(at::equal(out.embeddings[b].slice(0, 0, 2), random_tensor({2, 3}, 1)));
    EXPECT_TRUE(at::equal(out.embeddings[b].slice(0, 2), embeddings[b]));
  }
  EXPECT_TRUE(at::equal(out.lengths, lengths + 2));
}

TEST(SoftPrompt, StaysFloat32BesideABfloat16Backbone) {
  SoftPrompt prompt(random_tensor({2, 3}, 1).to(at::kBFloat16), at::kCPU);
  EXPECT_EQ(prompt.rows().scalar_type(), at::kFloat);
  const at::Tensor embeddings = at::zeros({1, 1, 3}, at::kBFloat16);
  const EncoderInput out =
      prompt.encoder_input({embeddings, at::zeros({1, 1}, at::kLong), at::ones({1}, at::kLong)}, {});
  EXPECT_EQ(out.embeddings.scalar_type(), at::kBFloat16);
  out.embeddings.sum().backward();
  EXPECT_EQ(prompt.trainable().flat().grad().scalar_type(), at::kFloat);
  EXPECT_TRUE(prompt.trainable().flat().grad().eq(1).all().item<bool>());
}

TEST(SoftPrompt, DoesNotShareTheRowsItWasGiven) {
  at::Tensor rows = random_tensor({2, 3}, 1);
  const SoftPrompt prompt(rows, at::kCPU);
  rows.zero_();
  EXPECT_TRUE(at::equal(prompt.rows(), random_tensor({2, 3}, 1)));
}

TEST(SoftPrompt, AnotherWidthIsRefused) {
  const SoftPrompt prompt(random_tensor({2, 3}, 1), at::kCPU);
  EXPECT_THROW(prompt.encoder_input({at::zeros({1, 1, 4}, at::kDouble), {}, at::ones({1}, at::kLong)}, {}),
               InternalError);
  EXPECT_THROW(SoftPrompt(at::zeros({3}), at::kCPU), InternalError);
  EXPECT_THROW(SoftPrompt(at::zeros({0, 3}), at::kCPU), InternalError);
}

TEST(Trainable, PartsAreViewsOfOneLeaf) {
  Trainable trainable({{"a", {2, 2}}, {"b", {3}}}, at::TensorOptions(at::kDouble));
  trainable.set(1, at::tensor({5.0, 6.0, 7.0}, at::kDouble));
  EXPECT_EQ(trainable.size(), 7);
  EXPECT_TRUE(trainable.flat().is_leaf());
  EXPECT_TRUE(at::equal(trainable.flat().detach(), at::tensor({0., 0., 0., 0., 5., 6., 7.}, at::kDouble)));
  (trainable.part(0).sum() * 2 + trainable.part(1).select(0, 2) * 3).backward();
  EXPECT_TRUE(at::equal(trainable.flat().grad(), at::tensor({2., 2., 2., 2., 0., 0., 3.}, at::kDouble)));
  EXPECT_THROW(trainable.set(0, at::zeros({4}, at::kDouble)), InternalError);
}

TEST(Trainable, NothingToTrainIsRefused) {
  EXPECT_THROW(Trainable({}, at::TensorOptions(at::kFloat)), InternalError);
  EXPECT_THROW(Trainable({{"a", {0, 4}}}, at::TensorOptions(at::kFloat)), InternalError);
}

}  // namespace
}  // namespace prelude
