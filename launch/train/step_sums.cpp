#include "launch/train/step_sums.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/error.h"
#include "core/t5/parallel_cost.h"

namespace prelude {
namespace {

// What follows the gradient, by its place. A count is two numbers: whole units and the rest, which 16,384 ranks may add
// up without rounding.
constexpr std::int64_t loss_at = 0;
constexpr std::int64_t label_at = 1;
constexpr std::int64_t source_at = 3;
constexpr std::int64_t stop_at = 5;
constexpr std::int64_t extra_count = summed_beside_gradient;
static_assert(extra_count == stop_at + 1);
constexpr std::int64_t unit = 1024;

// A bucket's least size: an all-reduce of 4 MB is at full rate on most networks. And the most buckets, about: a call
// costs every rank some work.
constexpr std::int64_t least_in_bucket = std::int64_t{1} << 20;
constexpr std::int64_t most_buckets = 64;

}  // namespace

StepSums::StepSums(SummedGradient gradient, const Mesh& mesh, Reduction reduction, std::int64_t most_micro_batches,
                   std::int64_t most_bytes)
    : mesh_(mesh), source_(std::move(gradient)), ordered_(reduction == Reduction::ordered), most_bytes_(most_bytes) {
  ensure(most_micro_batches > 0, "StepSums for {} micro-batches", most_micro_batches);
  rows_ = at::zeros({ordered_ ? most_micro_batches : 1, source_.size + extra_count}, source_.options);
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
  label_tokens_ = 0;
  source_tokens_ = 0;
}

void StepSums::next_micro_batch(bool last) {
  ++row_;
  if (last && buckets_) buckets_->open(gradient());
  if (!ordered_) return;
  ensure(row_ < rows_.size(0), "micro-batch {} of a step, but {} are the most", row_ + 1, rows_.size(0));
  source_.accumulate_into(rows_.select(0, row_).narrow(0, 0, source_.size));
}

void StepSums::add(const at::Tensor& loss_sum, std::int64_t label_tokens, std::int64_t source_tokens) {
  rows_.select(0, ordered_ ? row_ : 0).select(0, source_.size + loss_at).add_(loss_sum.detach());
  label_tokens_ += label_tokens;
  source_tokens_ += source_tokens;
}

at::Tensor StepSums::extras() const { return total().narrow(0, source_.size, extra_count); }

void StepSums::write_counts() {
  const at::Tensor into = extras();
  for (const auto& [at, count] : {std::pair{label_at, label_tokens_}, std::pair{source_at, source_tokens_}}) {
    into.select(0, at).fill_(count / unit);
    into.select(0, at + 1).fill_(count % unit);
  }
  into.select(0, stop_at).fill_(stop_ ? 1 : 0);
}

// [] float64: both parts of the count at `at`.
at::Tensor StepSums::tokens(std::int64_t at) const {
  const at::Tensor parts = extras().narrow(0, at, 2).to(at::kDouble);
  return parts.select(0, 0) * unit + parts.select(0, 1);
}

void StepSums::sum_over_ranks() {
  write_counts();
  if (ordered_) {
    sum_in_order();
  } else {
    sum_fast();
  }
}

void StepSums::sum_fast() {
  at::Tensor rest = buckets_ ? extras() : total();  // [E] or [N+E]
  if (buckets_) buckets_->finish(gradient());
  (source_.sliced ? *mesh_.data : *mesh_.world).all_reduce_sum(rest);
  if (source_.sliced) sum_votes();
}

// Over the tensor-parallel ranks; the data-parallel ones are added up already.
void StepSums::sum_votes() {
  at::Tensor votes = extras().narrow(0, stop_at, 1);
  mesh_.tensor->all_reduce_sum(votes);
}

// Micro-batch m of the step is row m / ranks of data rank m % ranks; rows that were not used hold zeros. Some columns
// at a time: all rows of all ranks are as many times the gradient.
void StepSums::sum_in_order() {
  const std::int64_t width = rows_.size(1);
  const std::int64_t column_bytes = mesh_.data->size() * rows_.size(0) * rows_.element_size();
  const std::int64_t most = std::max<std::int64_t>(1, most_bytes_ / column_bytes);
  for (std::int64_t from = 0; from < width; from += most) {
    const std::int64_t columns = std::min(most, width - from);
    const at::Tensor all = mesh_.data->all_gather(rows_.narrow(1, from, columns).contiguous());  // [data ranks,rows,c]
    at::Tensor sum = at::zeros({columns}, rows_.options());  // `all` may be a view of rows_
    for (std::int64_t row = 0; row < all.size(1); ++row) {
      for (std::int64_t rank = 0; rank < all.size(0); ++rank) sum.add_(all[rank][row]);
    }
    total().narrow(0, from, columns).copy_(sum);
  }
  sum_votes();
}

void StepSums::divide_by_tokens() {
  // A float64 count would be rounded to the sums' type by the division all the same.
  total().narrow(0, 0, source_.size + label_at).div_(tokens(label_at).to(rows_.scalar_type()));
}

at::Tensor StepSums::counts() const {
  const double copies = ordered_ || source_.sliced ? 1 : mesh_.place.tensor_size;
  return at::stack({extras().select(0, loss_at).to(at::kDouble), tokens(label_at) / copies, tokens(source_at) / copies,
                    extras().select(0, stop_at).to(at::kDouble)});
}

}  // namespace prelude
