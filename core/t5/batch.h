#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace prelude {

// One micro-batch, padded on the right to its own longest example, on the model's device.
struct Batch {
  at::Tensor source_ids;           // [B,S] int64, S without prompt rows
  at::Tensor source_lengths;       // [B] int64
  at::Tensor decoder_ids;          // [B,T] int64, start id first
  at::Tensor target_lengths;       // [B] int64
  at::Tensor labels;               // [B,T] int64, ignored_label where padded
  at::Tensor task_ids;             // [B] int64, or undefined: one task
  std::int64_t label_tokens = 0;   // labels that count, known on the host
  std::int64_t source_tokens = 0;  // real source tokens, known on the host

  static constexpr std::int64_t ignored_label = -100;
};

}  // namespace prelude
