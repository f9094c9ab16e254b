#include "core/t5/recompute.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/delta/soft_prompt.h"
#include "tests/core/random_tensor.h"
#include "tests/core/t5/small_backbone.h"

namespace prelude {
namespace {

using namespace test;

struct Outcome {
  at::Tensor loss;      // []
  at::Tensor gradient;  // [P*D]
};

Outcome step(const Model& model, const Batch& batch) {
  const SoftPrompt prompt(random_tensor({3, model.config().d_model}, 2), at::kCPU);
  const at::Tensor loss = model.loss_sum(batch, DeltaSites(prompt));
  loss.backward();
  return {loss.detach(), prompt.trainable().flat().grad()};
}

TEST(Recompute, MakesTheSameLossAndGradientToTheBit) {
  const T5Config config = small_config();
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    Model model = small_model(config, 1, dtype);
    const Batch batch = small_batch(config, {7, 4}, {3, 2}, 3);
    const Outcome kept = step(model, batch);
    model.recompute_layers();
    const Outcome again = step(model, batch);
    EXPECT_TRUE(at::equal(again.loss, kept.loss));
    EXPECT_TRUE(at::equal(again.gradient, kept.gradient));
    EXPECT_GT(kept.gradient.abs().max().item<double>(), 0.0);
  }
}

TEST(Recompute, RunsTheBlockOnceForwardAndOnceBackward) {
  int runs = 0;
  const at::Tensor trained = at::ones({2}, at::kDouble).requires_grad_(true);
  const Block block = [&](const BlockInputs& in) {
    ++runs;
    return in.hidden * in.hidden * trained + in.memory * in.bias;
  };
  const at::Tensor hidden = at::tensor({3.0, 4.0}).requires_grad_(true);
  const at::Tensor memory = at::tensor({1.0, 2.0}).requires_grad_(true);
  const at::Tensor bias = at::tensor({5.0, 6.0}).requires_grad_(true);
  const at::Tensor out = recomputed(block, {hidden, memory, bias});
  EXPECT_EQ(runs, 1);
  out.sum().backward();
  EXPECT_EQ(runs, 2);
  EXPECT_TRUE(at::equal(hidden.grad(), at::tensor({6.0, 8.0})));
  EXPECT_TRUE(at::equal(memory.grad(), at::tensor({5.0, 6.0})));
  EXPECT_TRUE(at::equal(bias.grad(), at::tensor({1.0, 2.0})));
  EXPECT_TRUE(at::equal(trained.grad(), at::tensor({9.0, 16.0})));
}

TEST(Recompute, WithoutAGradientTheBlockIsSimplyRun) {
  const Block twice = [](const BlockInputs& in) { return in.hidden * 2; };
  const at::Tensor x = at::ones({2}, at::kDouble);
  EXPECT_FALSE(recomputed(twice, {x, {}, {}}).requires_grad());
  const at::NoGradGuard no_graph;
  const at::Tensor leaf = at::ones({2}, at::kDouble).requires_grad_(true);
  EXPECT_FALSE(recomputed(twice, {leaf, {}, {}}).requires_grad());
}

}  // namespace
}  // namespace prelude
