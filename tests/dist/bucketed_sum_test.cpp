// Against the plain all-reduce of the whole tensor.
#include "dist/bucketed_sum.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "core/error.h"
#include "tests/core/random_tensor.h"
#include "tests/dist/ranks.h"
#include "tests/dist/recording_communicator.h"

namespace prelude {
namespace {

using test::group;
using test::random_tensor;
using test::relative_difference;

// Forty parts of uneven sizes, from the end down to the beginning, but the second lies first.
std::vector<FlatPart> parts_of_a_model() {
  std::vector<FlatPart> parts;
  std::int64_t offset = 0;
  for (std::int64_t i = 0; i < 40; ++i) {
    parts.push_back({offset, 1 + (i * 577) % 3001});
    offset += parts.back().size;
  }
  std::reverse(parts.begin(), parts.end());
  std::rotate(parts.begin(), parts.end() - 2, parts.end() - 1);
  return parts;
}

std::int64_t elements_of(const std::vector<FlatPart>& parts) {
  std::int64_t sum = 0;
  for (const FlatPart& part : parts) sum += part.size;
  return sum;
}

at::Tensor brought(std::int64_t elements, std::uint64_t step) {
  return random_tensor({elements}, 100 * step + static_cast<std::uint64_t>(group().rank())).to(at::kFloat);
}

// So many parts in an order of this rank's own.
std::vector<std::size_t> some_arrivals(std::size_t parts, std::size_t count, std::uint64_t step) {
  std::vector<std::size_t> order(parts);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::mt19937 generator(static_cast<unsigned>(step * 31) + static_cast<unsigned>(group().rank()));
  if (step % 2 == 1) std::shuffle(order.begin(), order.end(), generator);
  order.resize(count);
  return order;
}

void expect_same_bits_on_all(const at::Tensor& sum) {
  const at::Tensor all = group().all_gather(sum);
  for (std::int64_t rank = 0; rank < group().size(); ++rank) EXPECT_TRUE(at::equal(all[rank], sum)) << rank;
}

TEST(BucketedSum, IsThePlainSumWhateverComesFirst) {
  const auto parts = parts_of_a_model();
  const std::int64_t elements = elements_of(parts);
  for (const std::int64_t most : {std::int64_t{1}, std::int64_t{5000}, elements}) {
    BucketedSum sum(group(), parts, most);
    for (std::uint64_t step = 0; step < 4; ++step) {
      at::Tensor flat = brought(elements, step);
      at::Tensor expected = flat.clone();
      group().all_reduce_sum(expected);
      sum.open(flat);
      for (const std::size_t part : some_arrivals(parts.size(), parts.size(), step)) sum.arrived(part);
      EXPECT_EQ(sum.begun(), sum.buckets());
      sum.finish(flat);
      EXPECT_LT(relative_difference(flat, expected), 1e-6) << most;
      expect_same_bits_on_all(flat);
    }
  }
}

// A rank brings nothing, another stops half-way: what did not come is summed too.
TEST(BucketedSum, RanksThatBringLessJoin) {
  const auto parts = parts_of_a_model();
  const std::int64_t elements = elements_of(parts);
  BucketedSum sum(group(), parts, 5000);
  for (std::uint64_t step = 0; step < 3; ++step) {
    const bool idle = static_cast<std::uint64_t>(group().rank()) == step;
    at::Tensor flat = idle ? at::zeros({elements}) : brought(elements, step);
    at::Tensor expected = flat.clone();
    group().all_reduce_sum(expected);
    if (!idle) {
      sum.open(flat);
      const std::size_t count = group().rank() == 1 ? parts.size() / 2 : parts.size();
      for (const std::size_t part : some_arrivals(parts.size(), count, step)) sum.arrived(part);
    }
    sum.finish(flat);
    EXPECT_LT(relative_difference(flat, expected), 1e-6) << step;
    expect_same_bits_on_all(flat);
  }
}

TEST(BucketedSum, ABucketBeginsWhenItsPartsAndThoseBeforeItCame) {
  test::RecordingCommunicator ranks(0, 4);
  const std::vector<FlatPart> parts{{10, 5}, {60, 40}, {40, 20}, {15, 25}, {0, 10}};
  BucketedSum sum(ranks, parts, 60);  // [10,15) | [40,100) | [15,40) and [0,10) are no neighbours
  ASSERT_EQ(sum.buckets(), 4U);
  const at::Tensor flat = at::zeros({100});
  sum.arrived(0);  // nothing is open
  sum.open(flat);
  sum.arrived(1);
  sum.arrived(2);
  EXPECT_TRUE(ranks.calls().empty());
  sum.arrived(0);
  EXPECT_EQ(sum.begun(), 2U);
  sum.arrived(4);
  EXPECT_EQ(sum.begun(), 2U);
  EXPECT_THROW(sum.arrived(4), InternalError);
  sum.finish(flat);
  std::vector<std::int64_t> sizes;
  for (const auto& call : ranks.calls()) {
    EXPECT_EQ(call.operation, "begin_all_reduce");
    sizes.push_back(call.shape.at(0));
  }
  EXPECT_EQ(sizes, (std::vector<std::int64_t>{5, 60, 25, 10}));
}

}  // namespace
}  // namespace prelude
