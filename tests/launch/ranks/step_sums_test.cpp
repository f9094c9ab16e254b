// What a step adds up, over 1, 2, 4 and 8 ranks: exact counts, and ordered sums that are gathered in pieces.
#include "launch/train/step_sums.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "dist/self_communicator.h"
#include "tests/core/random_tensor.h"
#include "tests/dist/ranks.h"
#include "tests/dist/recording_communicator.h"

namespace prelude {
namespace {

using test::group;

constexpr std::int64_t elements = 1000;

at::Tensor new_leaf() { return at::zeros({elements}).requires_grad_(true); }

Mesh mesh_of(int tensor) { return make_mesh(group(), mesh_place(group().rank(), tensor, test::world().hosts(), true)); }

// Micro-batch `batch` of data rank `rank`: what its backward would add to the leaf's gradient.
void add_micro_batch(StepSums& sums, const at::Tensor& leaf, int rank, std::uint64_t batch) {
  sums.next_micro_batch(/*last=*/false);
  leaf.mutable_grad().add_(test::random_tensor({elements}, 100 * static_cast<std::uint64_t>(rank) + batch));
  sums.add(at::full({}, 1.5), 3, 40);
}

// Beyond 2^24 a float32 cannot count: 16,777,217 is no float32.
TEST(StepSums, CountsOfTokensAreExact) {
  for (const int tensor : {1, 2}) {
    if (group().size() % tensor != 0) continue;
    const Mesh mesh = mesh_of(tensor);
    for (const Reduction reduction : {Reduction::fast, Reduction::ordered}) {
      const at::Tensor leaf = new_leaf();
      StepSums sums(gradient_of_leaf(leaf), mesh, reduction, 2);
      for (int step = 0; step < 2; ++step) {
        sums.zero();
        for (const std::int64_t source : {std::int64_t{3'000'000'001}, std::int64_t{5}}) {
          sums.next_micro_batch(false);
          sums.add(at::zeros({}), 16'777'217, source);
        }
        sums.sum_over_ranks();
        sums.divide_by_tokens();
        const at::Tensor counts = sums.counts();
        EXPECT_EQ(counts.scalar_type(), at::kDouble);
        EXPECT_EQ(counts[1].item<double>(), 2 * 16'777'217.0 * mesh.place.data_size) << tensor;
        EXPECT_EQ(counts[2].item<double>(), 3'000'000'006.0 * mesh.place.data_size) << tensor;
      }
    }
  }
}

// [elements] bits of a step of three micro-batches a rank, gathered `most_bytes` at a time.
at::Tensor ordered_sum(const Mesh& mesh, std::int64_t most_bytes) {
  const at::Tensor leaf = new_leaf();
  StepSums sums(gradient_of_leaf(leaf), mesh, Reduction::ordered, 4, most_bytes);
  for (int step = 0; step < 2; ++step) {
    sums.zero();
    for (std::uint64_t batch = 0; batch < 3; ++batch) add_micro_batch(sums, leaf, mesh.place.data_rank, batch);
    sums.sum_over_ranks();
    sums.divide_by_tokens();
  }
  EXPECT_EQ(sums.counts()[0].item<double>(), 0.5);
  EXPECT_EQ(sums.counts()[2].item<double>(), 120.0 * mesh.place.data_size);
  return sums.gradient().clone();
}

TEST(StepSums, OrderedPiecesGiveTheBitsOfOneGather) {
  const Mesh mesh = mesh_of(1);
  const at::Tensor expected = ordered_sum(mesh, std::int64_t{1} << 30);
  EXPECT_GT(expected.abs().max().item<double>(), 0.01);
  for (const std::int64_t most_bytes : {1, 1000, 20000}) {
    EXPECT_TRUE(at::equal(ordered_sum(mesh, most_bytes), expected)) << most_bytes;
  }
}

// No gather is larger than it may be, whatever the gradient and the micro-batches.
TEST(StepSums, OrderedGathersNoMoreThanItMay) {
  constexpr std::int64_t most_bytes = 50000;
  constexpr int ranks = 8;
  test::RecordingCommunicator data(3, ranks);
  SelfCommunicator alone;
  const Mesh mesh{{3, ranks, 0, 1},
                  &data,
                  std::make_shared<test::RecordingCommunicator>(3, ranks),
                  std::make_shared<SelfCommunicator>()};
  const at::Tensor leaf = new_leaf();
  StepSums sums(gradient_of_leaf(leaf), mesh, Reduction::ordered, 32, most_bytes);
  sums.zero();
  add_micro_batch(sums, leaf, 3, 0);
  sums.sum_over_ranks();
  const auto& calls = static_cast<const test::RecordingCommunicator&>(*mesh.data).calls();
  std::int64_t bytes = 0;
  for (const auto& call : calls) {
    EXPECT_EQ(call.operation, "all_gather");
    EXPECT_LE(ranks * call.bytes(), most_bytes);
    bytes += call.bytes();
  }
  EXPECT_EQ(bytes, 4 * 32 * (elements + 6));
  EXPECT_GT(calls.size(), 1U);
}

}  // namespace
}  // namespace prelude
