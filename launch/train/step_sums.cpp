#include "launch/train/step_sums.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/error.h"

namespace prelude {
namespace {

constexpr std::int64_t extras = 4;  // loss sum, label tokens, source tokens, stop votes

// A bucket's least size: an all-reduce of 4 MB is at full rate on most networks. And the most buckets, about: a call
// costs every rank some work.
constexpr std::int64_t least_in_bucket = std::int64_t{1} << 20;
constexpr std::int64_t most_buckets = 64;

}  // namespace

StepSums::StepSums(SummedGradient gradient, const Mesh& mesh, Reduction reduction, std::int64_t most_micro_batches)
    : mesh_(mesh), source_(std::move(gradient)), ordered_(reduction == Reduction::ordered) {
  ensure(most_micro_batches > 0, "StepSums for {} micro-batches", most_micro_batches);
  rows_ = at::zeros({ordered_ ? most_micro_batches : 1, source_.size + extras}, source_.options);
  source_.accumulate_into(this->gradient());
  if (ordered_ || source_.parts.empty()) return;
  ensure(source_.sliced, "a gradient of many parts is added up over the data-parallel ranks");
  buckets_ =
      std::make_shared<BucketedSum>(*mesh_.data, source_.parts, std::max(least_in_bucket, source_.size / most_buckets));
  source_.on_part([buckets = buckets_](std::size_t part) { buckets->arrived(part); });
}

void StepSums::zero() {
  rows_.zero_();
  row_ = -1;
}

void StepSums::next_micro_batch(bool last) {
  ++row_;
  if (last && buckets_) buckets_->open(gradient());
  if (!ordered_) return;
  ensure(row_ < rows_.size(0), "micro-batch {} of a step, but {} are the most", row_ + 1, rows_.size(0));
  source_.accumulate_into(rows_.select(0, row_).narrow(0, 0, source_.size));
}

void StepSums::add(const at::Tensor& loss_sum, std::int64_t label_tokens, std::int64_t source_tokens) {
  const at::Tensor row = rows_.select(0, ordered_ ? row_ : 0);  // [N+4]
  row.select(0, source_.size).add_(loss_sum.detach());
  row.select(0, source_.size + 1).add_(label_tokens);
  row.select(0, source_.size + 2).add_(source_tokens);
}

void StepSums::sum_over_ranks() {
  total().select(0, source_.size + 3).fill_(stop_ ? 1 : 0);
  if (ordered_) {
    sum_in_order();
  } else {
    sum_fast();
  }
}

void StepSums::sum_fast() {
  at::Tensor rest = buckets_ ? counts() : total();  // [4] or [N+4]
  if (buckets_) buckets_->finish(gradient());
  (source_.sliced ? *mesh_.data : *mesh_.world).all_reduce_sum(rest);
  if (source_.sliced) sum_votes();
}

// Over the tensor-parallel ranks; the data-parallel ones are added up already.
void StepSums::sum_votes() {
  at::Tensor votes = counts().narrow(0, 3, 1);
  mesh_.tensor->all_reduce_sum(votes);
}

// Micro-batch m of the step is row m / ranks of data rank m % ranks; rows that were not used hold zeros.
void StepSums::sum_in_order() {
  const at::Tensor all = mesh_.data->all_gather(rows_);  // [data ranks,rows,N+4]
  at::Tensor sum = at::zeros_like(total());              // [N+4]; `all` may be a view of rows_
  for (std::int64_t row = 0; row < all.size(1); ++row) {
    for (std::int64_t rank = 0; rank < all.size(0); ++rank) sum.add_(all[rank][row]);
  }
  total().copy_(sum);
  sum_votes();
}

void StepSums::divide_by_tokens() {
  const at::Tensor tokens = total().select(0, source_.size + 1).clone();  // []
  total().narrow(0, 0, source_.size + 1).div_(tokens);
  if (!ordered_ && !source_.sliced) counts().narrow(0, 1, 2).div_(mesh_.place.tensor_size);
}

}  // namespace prelude
