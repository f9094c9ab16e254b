#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace prelude {

// One micro-batch, padded on the right to its own longest example, on the model's device.
struct Batch {
  at::Tensor source_ids;              // [B,S] int64, S without prompt rows
  at::Tensor source_lengths;          // [B] int64
  at::Tensor decoder_ids;             // [B,T] int64, start id first
  at::Tensor target_lengths;          // [B] int64
  at::Tensor labels;                  // [B,T] int64, ignored_label where padded
  at::Tensor task_ids;                // [B] int64, or undefined: one task
  std::vector<std::int64_t> samples;  // [B], numbers of the examples in the run, for dropout; empty where nobody asks
  std::int64_t label_tokens = 0;      // labels that count, known on the host
  std::int64_t source_tokens = 0;     // real source tokens, known on the host

  static constexpr std::int64_t ignored_label = -100;
};

// A batch from lists of ids. A target holds the start id first (tasks/pretext/pretext_task.h): decoder input is all but
// its last id, labels all but its first. Pads on the right with `pad_id`; no task ids.
Batch make_batch(std::span<const std::vector<std::int32_t>> sources, std::span<const std::vector<std::int32_t>> targets,
                 std::int64_t pad_id, at::Device device);

}  // namespace prelude
