// A graph holds one shape: sources are padded a little more, so that one serves many micro-batches.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/t5/batch.h"

namespace prelude {

struct Bucket {
  static constexpr std::int64_t source_unit = 32;  // S is a multiple of it

  std::int64_t rows = 0;    // B
  std::int64_t source = 0;  // S, without prompt rows
  std::int64_t target = 0;  // T, the batch's own: a delta may look at its end
  bool full = false;        // no source is padded
  bool has_tasks = false;

  bool operator==(const Bucket&) const = default;
};

Bucket bucket_of(const Batch& batch);

// A batch of the bucket's shape that holds nothing but padding.
Batch blank_batch(const Bucket& bucket, std::int64_t pad_id, at::Device device);

// `from` into the tensors of `to`, a batch of its bucket; the rest of the sources is padding. Where nothing but the
// padding differs, so do loss and gradient in nothing but rounding.
void copy_batch(const Batch& from, std::int64_t pad_id, Batch& to);

}  // namespace prelude
