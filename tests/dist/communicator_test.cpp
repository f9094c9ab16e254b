// Every operation against what each rank can work out by itself.
#include "dist/communicator.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/core/random_tensor.h"
#include "tests/dist/ranks.h"

namespace prelude {
namespace {

using test::group;
using test::random_tensor;

// What rank `rank` brings: small whole numbers, so that sums are exact in every type.
at::Tensor brought(int rank, const std::vector<std::int64_t>& shape, at::ScalarType type) {
  return (random_tensor(shape, static_cast<std::uint64_t>(rank) + 7) * 8).round().to(type);
}

TEST(Communicator, AllReduceSumIsTheSumOfWhatAllBrought) {
  for (const auto type : {at::kFloat, at::kDouble, at::kLong, at::kBFloat16}) {
    for (const std::vector<std::int64_t>& shape : {std::vector<std::int64_t>{1}, {7, 3}, {2, 5, 4099}, {0}}) {
      at::Tensor sum = brought(group().rank(), shape, type);
      at::Tensor expected = at::zeros(shape, at::kDouble);
      for (int rank = 0; rank < group().size(); ++rank) expected += brought(rank, shape, type).to(at::kDouble);
      group().all_reduce_sum(sum);
      EXPECT_TRUE(at::equal(sum.to(at::kDouble), expected)) << at::toString(type) << ' ' << shape.size();
    }
  }
}

TEST(Communicator, AllReduceSumGivesTheSameBitsToAll) {
  at::Tensor sum = random_tensor({100003}, static_cast<std::uint64_t>(group().rank())).to(at::kFloat);
  group().all_reduce_sum(sum);
  const at::Tensor all = group().all_gather(sum);
  for (std::int64_t rank = 0; rank < group().size(); ++rank) EXPECT_TRUE(at::equal(all[rank], sum));
}

TEST(Communicator, BroadcastGivesTheRootsTensor) {
  for (int root = 0; root < group().size(); ++root) {
    at::Tensor tensor = brought(group().rank(), {3, 5}, at::kFloat);
    group().broadcast(tensor, root);
    EXPECT_TRUE(at::equal(tensor, brought(root, {3, 5}, at::kFloat)));
  }
}

TEST(Communicator, AllGatherKeepsTheOrderOfRanks) {
  const at::Tensor all = group().all_gather(brought(group().rank(), {2, 3}, at::kDouble));
  ASSERT_EQ(all.sizes(), (std::vector<std::int64_t>{group().size(), 2, 3}));
  for (int rank = 0; rank < group().size(); ++rank) {
    EXPECT_TRUE(at::equal(all[rank], brought(rank, {2, 3}, at::kDouble)));
  }
}

TEST(Communicator, ABegunGatherIsThatOfOneCall) {
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    for (const std::int64_t size : {std::int64_t{1}, std::int64_t{5}, std::int64_t{400003}}) {
      const at::Tensor mine = brought(group().rank(), {size}, type);
      const at::Tensor all = at::zeros({group().size(), size}, type);
      const auto begun = group().begin_all_gather(mine, all);
      begun->advance();
      begun->finish();
      EXPECT_TRUE(at::equal(all, group().all_gather(mine))) << size;
    }
  }
}

// Several under way, and a call of another group between, as within a backward.
TEST(Communicator, BegunAllReducesAreThoseOfOneCallEach) {
  const auto other = group().split(0, "other");
  for (const auto type : {at::kFloat, at::kDouble, at::kBFloat16}) {
    std::vector<at::Tensor> sums;
    std::vector<at::Tensor> expected;
    for (const std::int64_t size : {1, 5, 400003, 70000, 0}) {
      sums.push_back(brought(group().rank(), {size}, type));
      expected.push_back(sums.back().clone());
      group().all_reduce_sum(expected.back());
    }
    std::vector<std::unique_ptr<Begun>> begun;
    for (const at::Tensor& sum : sums) {
      begun.push_back(group().begin_all_reduce(sum));
      begun.front()->advance();
      at::Tensor one = at::ones({1});
      other->all_reduce_sum(one);
      EXPECT_EQ(one.item<float>(), static_cast<float>(group().size()));
    }
    for (const auto& call : begun) call->finish();
    for (std::size_t i = 0; i < sums.size(); ++i) EXPECT_TRUE(at::equal(sums[i], expected[i])) << i;
  }
}

TEST(Communicator, SplitMakesGroupsByColorInTheOrderOfRanks) {
  const int color = group().rank() % 2;
  const auto part = group().split(color, "parity");
  at::Tensor ranks = part->all_gather(at::full({1}, group().rank(), at::kLong)).flatten();
  EXPECT_EQ(part->size(), (group().size() + 1 - color) / 2);
  EXPECT_EQ(part->rank(), group().rank() / 2);
  for (int k = 0; k < part->size(); ++k) EXPECT_EQ(ranks[k].item<std::int64_t>(), 2 * k + color);
}

TEST(Communicator, ATensorThatIsNotContiguousIsRefused) {
  if (group().size() == 1) return;  // nothing is sent: nothing to refuse
  at::Tensor column = at::zeros({4, 4}).select(1, 0);
  EXPECT_ANY_THROW(group().all_reduce_sum(column));
  at::Tensor together = at::ones({1});
  group().all_reduce_sum(together);
  EXPECT_EQ(together.item<float>(), static_cast<float>(group().size()));
}

}  // namespace
}  // namespace prelude
