#include "dist/bucketed_sum.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/error.h"

namespace prelude {
namespace {

// Where `part` lies next to `range`, the two together.
bool join(FlatPart& range, const FlatPart& part) {
  const bool before = part.offset + part.size == range.offset;
  if (!before && range.offset + range.size != part.offset) return false;
  range = {std::min(range.offset, part.offset), range.size + part.size};
  return true;
}

}  // namespace

BucketedSum::BucketedSum(Communicator& ranks, std::span<const FlatPart> parts, std::int64_t bucket_elements)
    : ranks_(ranks), came_(parts.size()) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool room = !buckets_.empty() && buckets_.back().range.size + parts[i].size <= bucket_elements;
    if (!room || !join(buckets_.back().range, parts[i])) buckets_.push_back({parts[i]});
    buckets_.back().end_part = i + 1;
  }
}

void BucketedSum::open(const at::Tensor& flat) {
  ensure(!flat_.defined(), "a bucketed sum is opened twice");
  flat_ = flat;
  came_.assign(came_.size(), false);
}

void BucketedSum::arrived(std::size_t part) {
  if (!flat_.defined()) return;
  ensure(!came_.at(part), "part {} of a bucketed sum came twice", part);
  came_[part] = true;
  while (begun_.size() < buckets_.size() && complete(begun_.size())) begin_next();
  for (const auto& bucket : begun_) bucket->advance();
}

void BucketedSum::finish(const at::Tensor& flat) {
  ensure(!flat_.defined() || flat_.const_data_ptr() == flat.const_data_ptr(),
         "a bucketed sum ends with another tensor");
  flat_ = flat;
  while (begun_.size() < buckets_.size()) begin_next();
  for (const auto& bucket : begun_) bucket->finish();
  begun_.clear();
  flat_.reset();
}

bool BucketedSum::complete(std::size_t bucket) const {
  const auto begin = came_.begin() + static_cast<std::ptrdiff_t>(bucket == 0 ? 0 : buckets_[bucket - 1].end_part);
  const auto end = came_.begin() + static_cast<std::ptrdiff_t>(buckets_[bucket].end_part);
  return std::find(begin, end, false) == end;
}

void BucketedSum::begin_next() {
  const FlatPart& range = buckets_[begun_.size()].range;
  begun_.push_back(ranks_.begin_all_reduce(flat_.narrow(0, range.offset, range.size)));
}

}  // namespace prelude
