// A step shared out over ranks against the same step on one: every rank works the latter out for itself.
#include "launch/train/train_step.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/delta/soft_prompt.h"
#include "core/optim/adamw.h"
#include "dist/self_communicator.h"
#include "dist/tensor_group.h"
#include "tests/dist/ranks.h"
#include "tests/dist/recording_communicator.h"
#include "tests/launch/ranks/uneven_batches.h"

namespace prelude {
namespace {

using test::group;
using test::random_tensor;
using test::relative_difference;
using test::share_of;
using test::uneven_batches;
using test::uneven_config;

struct Trained {
  at::Tensor rows;  // [P,D]
  std::vector<StepResult> results;
};

// 50 steps. `parallel` and `mesh` say which slice and which batches are this rank's.
Trained train(const TensorParallel& parallel, const Mesh& mesh, Reduction reduction) {
  const Weights whole = test::spread_weights(uneven_config(), 21, at::kFloat);
  const Model model(uneven_config(), slice_weights(uneven_config(), whole, parallel), parallel);
  SoftPrompt prompt(random_tensor({4, uneven_config().d_model}, 6).to(at::kFloat), at::kCPU);
  AdamW optimizer(prompt.trainable().flat());
  StepSums sums(gradient_of_leaf(prompt.trainable().flat()), mesh, reduction, 7);
  EagerLossAndGradient micro_batch(model, prompt);
  Trained trained;
  for (std::uint64_t step = 0; step < 50; ++step) {
    const auto mine = share_of(uneven_batches(step), mesh.place.data_rank, mesh.place.data_size);
    trained.results.push_back(train_step(micro_batch, sums, optimizer, mine, 1.0, 0.05));
  }
  trained.rows = prompt.rows().detach().clone();
  return trained;
}

Trained train_alone(Reduction reduction) {
  SelfCommunicator self;
  const Mesh mesh = make_mesh(self, {});
  return train(whole_model(), mesh, reduction);
}

Mesh mesh_of(int tensor) { return make_mesh(group(), mesh_place(group().rank(), tensor, test::world().hosts(), true)); }

TEST(TrainStepOnRanks, FiftyStepsEndWhereOneRankEnds) {
  const Trained alone = train_alone(Reduction::fast);
  for (const int tensor : {1, 2, 4}) {
    if (group().size() % tensor != 0) continue;
    const Mesh mesh = mesh_of(tensor);
    const TensorGroup parallel(*mesh.tensor);
    for (const Reduction reduction : {Reduction::fast, Reduction::ordered}) {
      const Trained here = train(parallel, mesh, reduction);
      EXPECT_LT(relative_difference(here.rows, alone.rows), 1e-4) << tensor;
      for (std::size_t step = 0; step < 50; ++step) {
        EXPECT_NEAR(here.results[step].loss, alone.results[step].loss, 1e-4) << step;
        EXPECT_EQ(here.results[step].tokens, alone.results[step].tokens) << step;
      }
    }
  }
}

TEST(TrainStepOnRanks, OrderedGivesTheBitsOfOneRank) {
  const Trained alone = train_alone(Reduction::fast);
  const Mesh mesh = mesh_of(1);
  const Trained here = train(whole_model(), mesh, Reduction::ordered);
  EXPECT_TRUE(at::equal(here.rows, alone.rows));
  for (std::size_t step = 0; step < 50; ++step) {
    EXPECT_EQ(here.results[step].loss, alone.results[step].loss);
    EXPECT_EQ(here.results[step].grad_norm, alone.results[step].grad_norm);
  }
}

TEST(TrainStepOnRanks, EveryRankHasTheSameBits) {
  const Mesh mesh = mesh_of(1);
  const at::Tensor rows = train(whole_model(), mesh, Reduction::fast).rows;
  const at::Tensor all = group().all_gather(rows);
  for (std::int64_t rank = 0; rank < group().size(); ++rank) EXPECT_TRUE(at::equal(all[rank], rows));
}

TEST(TrainStepOnRanks, OneRanksWishToStopReachesAll) {
  for (const Reduction reduction : {Reduction::fast, Reduction::ordered}) {
    for (const int tensor : {1, group().size()}) {
      const Mesh mesh = mesh_of(tensor);
      const TensorGroup parallel(*mesh.tensor);
      const Weights whole = test::spread_weights(uneven_config(), 21, at::kFloat);
      const Model model(uneven_config(), slice_weights(uneven_config(), whole, parallel), parallel);
      SoftPrompt prompt(random_tensor({4, uneven_config().d_model}, 6).to(at::kFloat), at::kCPU);
      AdamW optimizer(prompt.trainable().flat());
      StepSums sums(gradient_of_leaf(prompt.trainable().flat()), mesh, reduction, 7);
      EagerLossAndGradient micro_batch(model, prompt);
      const auto mine = share_of(uneven_batches(0), mesh.place.data_rank, mesh.place.data_size);
      EXPECT_FALSE(train_step(micro_batch, sums, optimizer, mine, 1.0, 0.05).stop);
      if (group().rank() == group().size() - 1) sums.vote_to_stop();
      EXPECT_TRUE(train_step(micro_batch, sums, optimizer, mine, 1.0, 0.05).stop);
    }
  }
}

// Data parallelism adds one all-reduce a step, whatever the micro-batches: [gradient | loss | 2 token counts of 2 |
// votes].
TEST(TrainStepOnRanks, DataParallelismAddsOneCollective) {
  for (const int ranks : {2, 8, 64}) {
    test::RecordingCommunicator world(0, ranks);
    Mesh mesh{{0, ranks, 0, 1}, &world, world.split(0, "data"), std::make_unique<SelfCommunicator>()};
    const Model model(uneven_config(), test::spread_weights(uneven_config(), 21, at::kFloat));
    SoftPrompt prompt(random_tensor({4, uneven_config().d_model}, 6).to(at::kFloat), at::kCPU);
    AdamW optimizer(prompt.trainable().flat());
    StepSums sums(gradient_of_leaf(prompt.trainable().flat()), mesh, Reduction::fast, 7);
    EagerLossAndGradient micro_batch(model, prompt);
    for (std::uint64_t step = 0; step < 3; ++step) {
      train_step(micro_batch, sums, optimizer, uneven_batches(step), 1.0, 0.05);
    }
    ASSERT_EQ(world.calls().size(), 3U);
    EXPECT_EQ(world.calls()[0].bytes(), 4 * (4 * uneven_config().d_model + 6));
  }
}

}  // namespace
}  // namespace prelude
