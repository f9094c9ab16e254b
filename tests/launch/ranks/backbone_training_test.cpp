// Steps that train all weights, shared out over ranks, against the same steps on one rank: every rank works the latter
// out for itself.
#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <tuple>

#include "core/optim/clip.h"
#include "dist/self_communicator.h"
#include "dist/tensor_group.h"
#include "launch/lm/make_optimizer.h"
#include "launch/lm/weight_gradient.h"
#include "launch/train/train_step.h"
#include "tests/dist/ranks.h"
#include "tests/dist/recording_communicator.h"
#include "tests/launch/ranks/uneven_batches.h"

namespace prelude {
namespace {

using test::group;
using test::relative_difference;
using test::share_of;
using test::uneven_batches;
using test::uneven_config;

struct Trained {
  at::Tensor flat;  // [N] of this rank
  std::vector<TrainedPart> parts;
  std::vector<StepResult> results;
  std::int64_t state_elements = 0;
};

// 50 steps. `parallel` and `mesh` say which slice and which batches are this rank's.
Trained train(const std::string& optimizer_name, const TensorParallel& parallel, const Mesh& mesh, double dropout = 0) {
  const Weights whole = test::spread_weights(uneven_config(), 21, at::kFloat);
  const TrainedWeights weights(uneven_config(), slice_weights(uneven_config(), whole, parallel));
  const Model model(uneven_config(), weights.weights(), parallel);
  LmOptions options;
  options.optimizer = optimizer_name;
  options.weight_decay = 0.01;
  const auto optimizer = make_optimizer(options, weights, *mesh.data);
  StepSums sums(gradient_of_weights(weights, *mesh.tensor), mesh, Reduction::fast, 7);
  EagerLossAndGradient micro_batch(model, dropout, 5);
  Trained trained;
  const double rate = optimizer_name == "adamw" ? 1e-3 : 1e-2;
  for (std::uint64_t step = 0; step < 50; ++step) {
    const auto mine = share_of(uneven_batches(step), mesh.place.data_rank, mesh.place.data_size);
    trained.results.push_back(train_step(micro_batch, sums, *optimizer, mine, 1.0, rate));
  }
  trained.flat = weights.flat().clone();
  trained.parts = weights.parts();
  for (const auto& part : optimizer->state()) trained.state_elements += part.value.numel();
  return trained;
}

// Each is computed once.
const Trained& train_alone(const std::string& optimizer, double dropout = 0) {
  static std::map<std::pair<std::string, double>, Trained> done;
  const std::pair key(optimizer, dropout);
  if (const auto found = done.find(key); found != done.end()) return found->second;
  SelfCommunicator self;
  const Mesh mesh = make_mesh(self, {});
  return done.emplace(key, train(optimizer, whole_model(), mesh, dropout)).first->second;
}

// With all ranks, `tensor` of them to a model; each is computed once.
const Trained& train_together(const std::string& optimizer, int tensor, double dropout = 0) {
  static std::map<std::tuple<std::string, int, double>, Trained> done;
  const std::tuple key(optimizer, tensor, dropout);
  if (const auto found = done.find(key); found != done.end()) return found->second;
  const Mesh mesh = make_mesh(group(), mesh_place(group().rank(), tensor, test::world().hosts(), true));
  const TensorGroup parallel(*mesh.tensor);
  return done.emplace(key, train(optimizer, parallel, mesh, dropout)).first->second;
}

void expect_same_slices(const Trained& here, const Trained& alone, int tensor) {
  const Mesh mesh = make_mesh(group(), mesh_place(group().rank(), tensor, test::world().hosts(), true));
  const TensorGroup parallel(*mesh.tensor);
  for (std::size_t i = 0; i < here.parts.size(); ++i) {
    const TrainedPart& part = here.parts[i];
    const TrainedPart& whole = alone.parts[i];
    const at::Tensor expected = local_slice({part.name, whole.shape, part.cut, 0, *std::make_unique<at::Tensor>()},
                                            alone.flat.narrow(0, whole.offset, whole.size).view(whole.shape), parallel);
    const at::Tensor got = here.flat.narrow(0, part.offset, part.size).view(part.shape);
    EXPECT_LT(relative_difference(got, expected), 2e-3) << part.name;
  }
}

TEST(BackboneTrainingOnRanks, FiftyStepsFollowTheCurveOfOneRank) {
  for (const std::string optimizer : {"adamw", "adafactor"}) {
    const Trained& alone = train_alone(optimizer);
    EXPECT_LT(alone.results.back().loss, 0.9 * alone.results.front().loss) << optimizer;
    for (const int tensor : {1, 2, 4}) {
      if (group().size() % tensor != 0 || (tensor > 1 && optimizer == "adafactor")) continue;
      const Trained& here = train_together(optimizer, tensor);
      for (std::size_t step = 0; step < 50; ++step) {
        SCOPED_TRACE(fmt::format("{}, {} tensor ranks, step {}", optimizer, tensor, step));
        EXPECT_NEAR(here.results[step].loss, alone.results[step].loss, 1e-4);
        EXPECT_NEAR(here.results[step].grad_norm, alone.results[step].grad_norm, 1e-3);
        EXPECT_EQ(here.results[step].tokens, alone.results[step].tokens);
      }
      expect_same_slices(here, alone, tensor);
    }
  }
}

TEST(BackboneTrainingOnRanks, DropoutDoesNotDependOnTheRanks) {
  const Trained& alone = train_alone("adamw", 0.2);
  for (const int tensor : {1, 2}) {
    if (group().size() % tensor != 0) continue;
    const Trained& here = train_together("adamw", tensor, 0.2);
    for (std::size_t step = 0; step < 50; ++step) {
      EXPECT_NEAR(here.results[step].loss, alone.results[step].loss, 1e-4) << tensor << " tensor ranks, step " << step;
    }
  }
  EXPECT_GT(std::abs(alone.results[0].loss - train_alone("adamw").results[0].loss), 1e-3);
}

TEST(BackboneTrainingOnRanks, EveryDataRankHasTheSameBits) {
  for (const std::string optimizer : {"adamw", "adafactor"}) {
    const at::Tensor& flat = train_together(optimizer, 1).flat;
    const at::Tensor all = group().all_gather(flat);
    for (std::int64_t rank = 0; rank < group().size(); ++rank) EXPECT_TRUE(at::equal(all[rank], flat)) << optimizer;
  }
}

// All buckets of the gradient are on their way when the last backward ends, none before it; a rank without
// micro-batches begins the same ones.
TEST(BackboneTrainingOnRanks, BucketsBeginWithinTheLastBackward) {
  std::vector<std::vector<test::RecordedCall>> calls;
  for (const std::size_t micro_batches : {std::size_t{0}, std::size_t{1}, std::size_t{3}}) {
    auto data = std::make_unique<test::RecordingCommunicator>(0, 8);
    const test::RecordingCommunicator& recorded = *data;
    Mesh mesh{{0, 8, 0, 1}, data.get(), nullptr, std::make_unique<SelfCommunicator>()};
    mesh.data = std::move(data);
    const TrainedWeights weights(uneven_config(), test::spread_weights(uneven_config(), 21, at::kFloat));
    const Model model(uneven_config(), weights.weights());
    StepSums sums(gradient_of_weights(weights, *mesh.tensor), mesh, Reduction::fast, 3);
    EagerLossAndGradient micro_batch(model, /*dropout_rate=*/0, /*seed=*/0);
    const std::vector<Batch> batches = uneven_batches(0);
    sums.zero();
    for (std::size_t m = 0; m < micro_batches; ++m) {
      EXPECT_TRUE(recorded.calls().empty());
      sums.next_micro_batch(m + 1 == micro_batches);
      const at::Tensor before = sums.gradient().clone();
      sums.add(micro_batch.add(batches[m]), 1, 1);
      EXPECT_FALSE(at::equal(before, sums.gradient()));
    }
    const std::size_t begun = recorded.calls().size();
    sums.sum_over_ranks();
    const std::size_t buckets = recorded.calls().size() - 1;
    EXPECT_GE(buckets, 3U);
    EXPECT_EQ(begun, micro_batches == 0 ? 0 : buckets);
    EXPECT_EQ(recorded.calls().back().shape, (std::vector<std::int64_t>{6}));
    calls.push_back(recorded.calls());
  }
  EXPECT_EQ(calls[0], calls[1]);
  EXPECT_EQ(calls[0], calls[2]);
}

TEST(BackboneTrainingOnRanks, MomentsAreSharedOutOverDataRanks) {
  const Trained& here = train_together("adamw", 1);
  at::Tensor sum = at::full({1}, here.state_elements, at::kLong);
  group().all_reduce_sum(sum);
  EXPECT_EQ(sum.item<std::int64_t>(), 2 * here.flat.numel());
  EXPECT_LE(here.state_elements, 2 * (here.flat.numel() / group().size() + 64));
}

}  // namespace
}  // namespace prelude
