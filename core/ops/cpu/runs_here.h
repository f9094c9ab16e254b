// Where the float32 kernels apply, and how their rows are shared out over LibTorch's threads.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <functional>
#include <initializer_list>

#include "core/ops/cpu/threads.h"

namespace prelude::cpu {

// All are defined, on a CPU and float32.
inline bool runs_here(std::initializer_list<std::reference_wrapper<const at::Tensor>> tensors) {
  return std::all_of(tensors.begin(), tensors.end(), [](const at::Tensor& tensor) {
    return tensor.defined() && tensor.is_cpu() && tensor.scalar_type() == at::kFloat;
  });
}

// work(first row, number of rows), in parallel where there is enough to do.
template <typename Work>
void over_rows(std::int64_t rows, std::int64_t width, const Work& work) {
  constexpr std::int64_t least = 1 << 14;  // elements that are worth a thread
  share_out(rows, std::max<std::int64_t>(1, least / std::max<std::int64_t>(1, width)),
            [&](std::int64_t begin, std::int64_t end) { work(begin, end - begin); });
}

}  // namespace prelude::cpu
