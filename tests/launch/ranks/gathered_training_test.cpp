// Steps on a backbone in slices, shared out over ranks, against the same steps on one rank that has it whole.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/delta/soft_prompt.h"
#include "core/optim/adamw.h"
#include "dist/gathered_layers.h"
#include "dist/self_communicator.h"
#include "launch/train/idle_passes.h"
#include "launch/train/loss_and_gradient.h"
#include "launch/train/train_step.h"
#include "tests/core/t5/small_backbone.h"
#include "tests/dist/ranks.h"
#include "tests/dist/variants.h"

namespace prelude {
namespace {

using test::group;
using test::random_tensor;
using test::relative_difference;

const T5Config& config() {
  static const T5Config value = test::variants()[1].config;
  return value;
}

// Between one and five micro-batches: some ranks have none of the step.
std::vector<Batch> share_of(std::uint64_t step, int rank, int ranks) {
  std::vector<Batch> mine;
  const std::uint64_t all = 1 + step % 5;
  for (auto m = static_cast<std::uint64_t>(rank); m < all; m += static_cast<std::uint64_t>(ranks)) {
    mine.push_back(test::small_batch(config(), {4 + m, 2}, {1 + m % 4, 1}, 10 * step + m));
  }
  return mine;
}

struct Trained {
  at::Tensor rows;  // [P,D]
  std::vector<double> losses;
};

Trained train(const Model& model, const Mesh& mesh, Reduction reduction, bool idle) {
  SoftPrompt prompt(random_tensor({4, config().d_model}, 6).to(at::kFloat), at::kCPU);
  AdamW optimizer(prompt.trainable().flat());
  StepSums sums(gradient_of_leaf(prompt.trainable().flat()), mesh, reduction, 5);
  EagerLossAndGradient micro_batch(model, prompt);
  Trained trained;
  for (std::uint64_t step = 0; step < 20; ++step) {
    const auto mine = share_of(step, mesh.place.data_rank, mesh.place.data_size);
    const std::int64_t passes = idle ? idle_passes(*mesh.data, static_cast<std::int64_t>(mine.size())) : 0;
    trained.losses.push_back(train_step(micro_batch, sums, optimizer, mine, 1.0, 0.05, passes).loss);
  }
  trained.rows = prompt.rows().detach().clone();
  return trained;
}

TEST(GatheredTraining, TwentyStepsEndWhereTheWholeModelEnds) {
  const Weights whole = test::spread_weights(config(), 21, at::kFloat);
  SelfCommunicator self;
  const Mesh mesh_alone = make_mesh(self, {});
  const Trained alone = train(Model(config(), whole), mesh_alone, Reduction::fast, false);

  const Mesh mesh = make_mesh(group(), mesh_place(group().rank(), 1, test::world().hosts(), true));
  Weights shared = share_weights(config(), whole, {mesh.place.data_rank, mesh.place.data_size});
  gather_layers(config(), shared, mesh.data->split(0, "layers"));
  const Model model(config(), shared);
  for (const Reduction reduction : {Reduction::fast, Reduction::ordered}) {
    const Trained here = train(model, mesh, reduction, true);
    EXPECT_LT(relative_difference(here.rows, alone.rows), 1e-4);
    for (std::size_t step = 0; step < alone.losses.size(); ++step) {
      EXPECT_NEAR(here.losses[step], alone.losses[step], 1e-4 * alone.losses[step]) << step;
    }
    const at::Tensor all = group().all_gather(here.rows);
    for (std::int64_t rank = 0; rank < group().size(); ++rank) EXPECT_TRUE(at::equal(all[rank], here.rows));
  }
}

}  // namespace
}  // namespace prelude
