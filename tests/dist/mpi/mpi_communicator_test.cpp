// Collectives that are larger than what MPI takes in one call, against those of one call; what "larger" is, is told.
#include "dist/mpi/mpi_communicator.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "tests/core/random_tensor.h"
#include "tests/dist/ranks.h"

namespace prelude {
namespace {

using test::group;
using test::random_tensor;

class MpiInPieces : public testing::TestWithParam<std::int64_t> {
 protected:
  MpiInPieces() {
    MPI_Comm comm = MPI_COMM_NULL;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    pieces_ = std::make_unique<MpiCommunicator>(comm, "pieces", kNoColor, test::world().recorder(), GetParam());
  }
  at::Tensor brought(at::ScalarType type) const {
    return random_tensor({3, 67}, 5 + static_cast<std::uint64_t>(group().rank())).to(type);
  }
  std::unique_ptr<MpiCommunicator> pieces_;
};

TEST_P(MpiInPieces, SumsAreThoseOfOneCall) {
  for (const auto type : {at::kFloat, at::kDouble, at::kBFloat16}) {
    at::Tensor expected = brought(type);
    at::Tensor sum = brought(type);
    const at::Tensor begun_sum = brought(type);
    group().all_reduce_sum(expected);
    pieces_->all_reduce_sum(sum);
    const auto begun = pieces_->begin_all_reduce(begun_sum);
    begun->finish();
    EXPECT_TRUE(begun->advance());
    EXPECT_TRUE(at::equal(sum, expected));
    EXPECT_TRUE(at::equal(begun_sum, expected));
  }
}

TEST_P(MpiInPieces, GathersAndBroadcastsAreThoseOfOneCall) {
  for (const auto type : {at::kFloat, at::kByte, at::kLong}) {
    const at::Tensor mine = (brought(at::kFloat) * 100).to(type);
    const at::Tensor expected = group().all_gather(mine);
    EXPECT_TRUE(at::equal(pieces_->all_gather(mine), expected));
    const at::Tensor all = at::zeros_like(expected);
    pieces_->begin_all_gather(mine, all)->finish();
    EXPECT_TRUE(at::equal(all, expected));
    at::Tensor sent = mine.clone();
    pieces_->broadcast(sent, group().size() - 1);
    EXPECT_TRUE(at::equal(sent, expected[group().size() - 1]));
  }
}

TEST_P(MpiInPieces, PartsOfASplitAreCutAlike) {
  const auto part = pieces_->split(group().rank() % 2, "pieces-part");
  const at::Tensor mine = brought(at::kFloat);
  const at::Tensor all = part->all_gather(mine);
  EXPECT_TRUE(at::equal(all[part->rank()], mine));
}

INSTANTIATE_TEST_SUITE_P(Bytes, MpiInPieces, testing::Values(8, 100, 1024));

// Open MPI makes new groups in a call that nobody can look into: the watchdog knows of it.
TEST(MpiCommunicator, NewGroupsAreNoted) {
  group().split(0, "noted");
  const RankState state = test::world().recorder().state();
  const auto made = std::find_if(state.records.rbegin(), state.records.rend(), [](const CollectiveRecord& record) {
    return record.operation == Operation::new_group;
  });
  ASSERT_NE(made, state.records.rend());
  EXPECT_EQ(state.groups[made->group].name, "host");
  EXPECT_EQ(made->phase, Phase::finished);
}

// A later call may be done before an earlier one: only what is finished in order is told.
TEST(MpiCommunicator, TheRecorderHearsOfBegunCallsInTheirOrder) {
  const at::Tensor large = at::ones({200000});
  const at::Tensor small = at::ones({1});
  const auto first = group().begin_all_reduce(large);
  const auto second = group().begin_all_reduce(small);
  for (int i = 0; i < 1000 && !second->advance(); ++i) {
  }
  const RankState state = test::world().recorder().state();
  const GroupState* const host = state.find({"host", kNoColor});
  ASSERT_NE(host, nullptr);
  EXPECT_EQ(host->finished + 2, host->sequence);
  EXPECT_EQ(state.waits_in(), nullptr);
  first->finish();
  second->finish();
  EXPECT_EQ(large.sum().item<double>(), 200000.0 * group().size());
  EXPECT_FALSE(test::world().recorder().waiting_since());
}

}  // namespace
}  // namespace prelude
