#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

namespace prelude {

// Where in the model a dropout stands, and where in the whole tensor this rank's slice of it begins.
struct DropoutPlace {
  std::int64_t site = 0;  // a number of its own for each dropout of a model; >= 0
  std::int64_t first_column = 0;
  std::int64_t first_head = 0;
};

// Keys of examples, [B] int64 on the CPU (a caller moves them to a device, once for all places), from the run's seed
// and the number of each example's sample in the run: an example has the same masks whatever batch it is in.
at::Tensor dropout_keys(std::uint64_t seed, std::span<const std::int64_t> samples);

// T5's dropout (Srivastava et al., JMLR 2014): x [B,S,C] or [B,H,S,M], any floating dtype -> the same shape; each
// number is 0 with probability `rate`, else x / (1 - rate). keys [B] int64 on x's device: moving them here would make
// the host wait for the device at every place. The mask is a function of an example's key, the place, the row S, the
// head and the column alone (core/ops/dropout_mask.h); it is not kept, but made again backward. 0 <= rate < 1; rate 0
// gives x itself.
at::Tensor dropout(const at::Tensor& x, double rate, const at::Tensor& keys, const DropoutPlace& place);

}  // namespace prelude
