#include "core/t5/batch.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace prelude {
namespace {

using Lists = std::vector<std::vector<std::int32_t>>;

at::Tensor ids(std::initializer_list<std::int64_t> values, std::int64_t rows) {
  return at::tensor(std::vector<std::int64_t>(values), at::kLong).view({rows, -1});
}

TEST(MakeBatch, PadsOnTheRight) {
  const Lists sources = {{5, 6, 7}, {8}};
  const Lists targets = {{0, 9}, {0, 10, 11, 12}};
  const Batch batch = make_batch(sources, targets, 3, at::kCPU);
  EXPECT_TRUE(at::equal(batch.source_ids, ids({5, 6, 7, 8, 3, 3}, 2)));
  EXPECT_TRUE(at::equal(batch.source_lengths, at::tensor({3, 1}, at::kLong)));
  EXPECT_TRUE(at::equal(batch.decoder_ids, ids({0, 3, 3, 0, 10, 11}, 2)));
  EXPECT_TRUE(at::equal(batch.labels, ids({9, -100, -100, 10, 11, 12}, 2)));
  EXPECT_TRUE(at::equal(batch.target_lengths, at::tensor({1, 3}, at::kLong)));
  EXPECT_EQ(batch.label_tokens, 4);
  EXPECT_EQ(batch.source_tokens, 4);
  EXPECT_FALSE(batch.task_ids.defined());
}

TEST(MakeBatch, AnEmptySourceIsAllPadding) {
  const Batch batch = make_batch(Lists{{}}, Lists{{0, 1}}, 3, at::kCPU);
  EXPECT_TRUE(at::equal(batch.source_ids, ids({3}, 1)));
  EXPECT_EQ(batch.source_tokens, 0);
}

TEST(MakeBatch, RefusesATargetWithoutALabel) {
  EXPECT_THROW(make_batch(Lists{{1}}, Lists{{0}}, 3, at::kCPU), InternalError);
  EXPECT_THROW(make_batch(Lists{{1}, {2}}, Lists{{0, 4}, {}}, 3, at::kCPU), InternalError);
  EXPECT_THROW(make_batch(Lists{{1}}, Lists{}, 3, at::kCPU), InternalError);
  EXPECT_THROW(make_batch(Lists{}, Lists{}, 3, at::kCPU), InternalError);
}

}  // namespace
}  // namespace prelude
