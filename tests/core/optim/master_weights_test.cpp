#include "core/optim/master_weights.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "core/error.h"
#include "core/optim/adamw.h"
#include "tests/core/random_tensor.h"

namespace prelude {
namespace {

using test::random_tensor;

std::unique_ptr<Optimizer> adamw(const at::Tensor& master) { return std::make_unique<AdamW>(master); }

at::Tensor gradient(std::uint64_t step) { return random_tensor({77}, 100 + step).to(at::kFloat); }

TEST(MasterWeights, AreARunInFloat32Rounded) {
  at::Tensor parameter = random_tensor({77}, 1).to(at::kBFloat16).requires_grad_();
  at::Tensor exact = parameter.detach().to(at::kFloat);
  MasterWeights optimizer(parameter, adamw);
  AdamW reference(exact);
  for (std::uint64_t step = 0; step < 10; ++step) {
    optimizer.step(gradient(step), 1e-3);
    reference.step(gradient(step), 1e-3);
    EXPECT_TRUE(at::equal(parameter, exact.to(at::kBFloat16))) << step;
  }
  EXPECT_TRUE(at::equal(optimizer.master(), exact));
  EXPECT_EQ(optimizer.steps(), 10);
  EXPECT_TRUE(parameter.is_leaf());
}

// Of a gradient that never changes AdamW makes steps of the rate: 1e-4 is lost on 1.0 in bfloat16, 100 of them are not.
TEST(MasterWeights, AddUpWhatBfloat16Loses) {
  at::Tensor parameter = at::ones({1}, at::kBFloat16);
  MasterWeights optimizer(parameter, [](const at::Tensor& master) {
    return std::make_unique<AdamW>(master, AdamWOptions{.weight_decay = 0});
  });
  optimizer.step(at::ones({1}), 1e-4);
  EXPECT_EQ(parameter.item<double>(), 1.0);
  for (int step = 1; step < 100; ++step) optimizer.step(at::ones({1}), 1e-4);
  EXPECT_NEAR(parameter.item<double>(), 0.99, 0.002);
}

TEST(MasterWeights, TakeAGradientInBfloat16) {
  at::Tensor one = at::ones({77}, at::kBFloat16);
  at::Tensor two = one.clone();
  MasterWeights narrow(one, adamw);
  MasterWeights wide(two, adamw);
  const at::Tensor rounded = gradient(1).to(at::kBFloat16);
  narrow.step(rounded, 0.01);
  wide.step(rounded.to(at::kFloat), 0.01);
  EXPECT_TRUE(at::equal(narrow.master(), wide.master()));
}

TEST(MasterWeights, ContinueBitForBitFromTheirState) {
  at::Tensor whole = random_tensor({77}, 1).to(at::kBFloat16);
  at::Tensor first = whole.clone();
  MasterWeights one(whole, adamw);
  MasterWeights before(first, adamw);
  for (std::uint64_t step = 0; step < 8; ++step) one.step(gradient(step), 1e-3);
  for (std::uint64_t step = 0; step < 3; ++step) before.step(gradient(step), 1e-3);
  at::Tensor second = at::zeros({77}, at::kBFloat16);
  MasterWeights after(second, adamw);
  after.set_state(before.state(), before.steps());
  EXPECT_TRUE(at::equal(second, first));
  for (std::uint64_t step = 3; step < 8; ++step) after.step(gradient(step), 1e-3);
  EXPECT_TRUE(at::equal(after.master(), one.master()));
  EXPECT_TRUE(at::equal(second, whole));
  EXPECT_EQ(after.steps(), 8);
}

TEST(MasterWeights, RefuseAStateWithoutThem) {
  at::Tensor parameter = at::ones({3}, at::kBFloat16);
  MasterWeights optimizer(parameter, adamw);
  EXPECT_THROW(optimizer.set_state(AdamW(at::ones({3})).state(), 1), UserError);
  EXPECT_THROW(optimizer.set_master(at::ones({4})), InternalError);
  optimizer.set_master(at::full({3}, 2.003, at::kDouble));
  EXPECT_EQ(parameter[0].item<double>(), 2.0);
  EXPECT_EQ(optimizer.master()[0].item<float>(), 2.003F);
}

}  // namespace
}  // namespace prelude
