// Twenty steps that train all weights, against transformers' model with PyTorch's AdamW and transformers' Adafactor in
// float64 (scripts/make-golden).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "dist/self_communicator.h"
#include "launch/lm/make_optimizer.h"
#include "launch/lm/weight_gradient.h"
#include "launch/train/train_step.h"
#include "tests/core/random_tensor.h"
#include "tests/core/t5/golden_case.h"

namespace prelude {
namespace {

using namespace test;

struct Trained {
  std::vector<double> losses;
  TrainedWeights weights;
};

Trained train(const std::string& folder, const std::string& optimizer_name, at::ScalarType dtype) {
  const Backbone backbone = load_backbone(folder, at::kCPU, dtype);
  Trained trained{{}, TrainedWeights(backbone.config, backbone.weights)};
  const Model model(backbone.config, trained.weights.weights());
  SelfCommunicator self;
  const Mesh mesh = make_mesh(self, {});
  LmOptions options;
  options.optimizer = optimizer_name;
  options.weight_decay = optimizer_name == "adamw" ? 0.01 : 0.0;
  const auto optimizer = make_optimizer(options, trained.weights, *mesh.data);
  StepSums sums(gradient_of_weights(trained.weights, *mesh.tensor), mesh, Reduction::fast, 1);
  EagerLossAndGradient micro_batch(model, /*dropout_rate=*/0, /*seed=*/0);
  const std::vector<Batch> batches{read_golden_batch(folder)};
  const double rate = optimizer_name == "adamw" ? 1e-3 : 1e-2;
  for (int step = 0; step < 20; ++step) {
    trained.losses.push_back(train_step(micro_batch, sums, *optimizer, batches, /*clip=*/1e9, rate).loss);
  }
  return trained;
}

class TwentySteps : public testing::TestWithParam<std::string> {
 protected:
  static void check(const std::string& optimizer, at::ScalarType dtype, double limit) {
    const std::string folder = golden_path(GetParam());
    const Trained trained = train(folder, optimizer, dtype);
    const SafetensorsFile expected(folder + "/training.safetensors");
    const at::Tensor losses = read_tensor(expected, optimizer + ".losses");  // [20]
    ASSERT_EQ(losses.numel(), 20);
    for (std::int64_t step = 0; step < 20; ++step) {
      const double loss = losses[step].item<double>();
      EXPECT_NEAR(trained.losses[static_cast<std::size_t>(step)], loss, limit * loss) << optimizer << " " << step;
    }
    for (const TrainedPart& part : trained.weights.parts()) {
      if (expected.find(optimizer + "." + part.name) == nullptr) continue;
      const at::Tensor ours = trained.weights.flat().narrow(0, part.offset, part.size).view(part.shape);
      EXPECT_LE(relative_difference(ours, read_tensor(expected, optimizer + "." + part.name)), 10 * limit) << part.name;
    }
  }
};

TEST_P(TwentySteps, OfAdamWInFloat64) { check("adamw", at::kDouble, 1e-6); }
// Adafactor brings rounding errors of parts without a gradient (one key to attend to) up to the size of an update.
TEST_P(TwentySteps, OfAdafactorInFloat64) { check("adafactor", at::kDouble, 2e-5); }
TEST_P(TwentySteps, OfAdamWInFloat32) { check("adamw", at::kFloat, 1e-4); }
TEST_P(TwentySteps, OfAdafactorInFloat32) { check("adafactor", at::kFloat, 1e-4); }

INSTANTIATE_TEST_SUITE_P(Shapes, TwentySteps, testing::ValuesIn(golden_names()),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace prelude
