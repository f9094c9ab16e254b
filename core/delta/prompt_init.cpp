#include "core/delta/prompt_init.h"

#include <ATen/ATen.h>

#include <utility>
#include <vector>

#include "core/error.h"

namespace prelude {
namespace {

// The embedding's rows `ids`, [P,D] float32 on the CPU.
at::Tensor take_rows(const at::Tensor& embedding, const std::vector<std::int64_t>& ids) {
  for (const std::int64_t id : ids) {
    require(0 <= id && id < embedding.size(0), "prompt initialisation: id {} is not in the backbone's vocabulary of {}",
            id, embedding.size(0));
  }
  return embedding.index_select(0, at::tensor(ids, at::kLong).to(embedding.device())).to(at::kCPU, at::kFloat);
}

template <typename Draw>
at::Tensor draw_all(std::int64_t rows, std::int64_t width, Draw draw) {
  ensure(rows > 0 && width > 0, "a prompt of {} rows of width {}", rows, width);
  at::Tensor prompt = at::empty({rows, width}, at::kFloat);
  float* const data = prompt.data_ptr<float>();
  for (std::int64_t i = 0; i < prompt.numel(); ++i) data[i] = static_cast<float>(draw());
  return prompt;
}

}  // namespace

at::Tensor prompt_from_vocabulary(const at::Tensor& embedding, std::int64_t rows, std::span<const std::int32_t> ids,
                                  RandomStream& stream) {
  require(!ids.empty(), "prompt initialisation: the vocabulary has no ordinary piece to take rows from");
  std::vector<std::int64_t> pool(ids.begin(), ids.end());
  std::vector<std::int64_t> drawn;
  std::size_t used = 0;
  while (static_cast<std::int64_t>(drawn.size()) < rows) {  // Fisher-Yates, as far as it is needed
    const auto other = used + static_cast<std::size_t>(stream.below(pool.size() - used));
    std::swap(pool[used], pool[other]);
    drawn.push_back(pool[used]);
    used = (used + 1) % pool.size();
  }
  return take_rows(embedding, drawn);
}

at::Tensor prompt_from_ids(const at::Tensor& embedding, std::int64_t rows, std::span<const std::int32_t> ids) {
  require(!ids.empty(), "prompt initialisation: the text holds no token");
  std::vector<std::int64_t> taken;
  for (std::int64_t i = 0; i < rows; ++i) taken.push_back(ids[static_cast<std::size_t>(i) % ids.size()]);
  return take_rows(embedding, taken);
}

at::Tensor prompt_normal(std::int64_t rows, std::int64_t width, double std, RandomStream& stream) {
  return draw_all(rows, width, [&] { return std * stream.normal(); });
}

at::Tensor prompt_identical(std::int64_t rows, std::int64_t width, double std, RandomStream& stream) {
  return prompt_normal(1, width, std, stream).repeat({rows, 1});
}

double embedding_spread(const at::Tensor& embedding) { return embedding.to(at::kFloat).std().item<double>(); }

at::Tensor prompt_uniform(std::int64_t rows, std::int64_t width, double bound, RandomStream& stream) {
  return draw_all(rows, width, [&] { return bound * (2.0 * stream.uniform() - 1.0); });
}

}  // namespace prelude
