// First values of a soft prompt (Lester et al., EMNLP 2021, section 3.2). All return [P,D] float32 on the CPU.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

#include "core/random/random_stream.h"

namespace prelude {

// Embedding rows of `ids` (the ordinary pieces: no special or sentinel ids) drawn without replacement; a list shorter
// than the prompt is drawn again once it is used up. embedding [V,D], any float dtype and device; ids in 0..V-1, not
// empty (UserError).
at::Tensor prompt_from_vocabulary(const at::Tensor& embedding, std::int64_t rows, std::span<const std::int32_t> ids,
                                  RandomStream& stream);

// Embedding rows of `ids` in their order, repeated or cut to `rows`: a text's ids, or the label words'.
at::Tensor prompt_from_ids(const at::Tensor& embedding, std::int64_t rows, std::span<const std::int32_t> ids);

// Normal around 0. A spread to start from is that of the embedding's numbers (embedding_spread).
at::Tensor prompt_normal(std::int64_t rows, std::int64_t width, double std, RandomStream& stream);
double embedding_spread(const at::Tensor& embedding);  // [V,D]

// One row drawn like prompt_normal's, in every place: what PPT starts from. Rows that are the same get gradients that
// differ by their position alone.
at::Tensor prompt_identical(std::int64_t rows, std::int64_t width, double std, RandomStream& stream);

// PPT's spread of that row, 0.001 in its space of 1/100 (docs/pretext.md, section 4), in a T5 as it is published.
constexpr double ppt_row_spread = 0.1;

// Uniform on [-bound, bound); Lester et al. take 0.5.
at::Tensor prompt_uniform(std::int64_t rows, std::int64_t width, double bound, RandomStream& stream);

}  // namespace prelude
