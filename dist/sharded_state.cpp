#include "dist/sharded_state.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string>

#include "core/error.h"

namespace prelude {
namespace {

// The tensor of `whole` that has `own`'s name, or none.
std::size_t position_of(const NamedTensor& own, const std::vector<NamedTensor>& whole) {
  const auto found = std::find_if(whole.begin(), whole.end(), [&](const auto& one) { return one.name == own.name; });
  return static_cast<std::size_t>(found - whole.begin());
}

// The whole tensor, or its elements of this rank's shard; undefined where the shapes are others.
at::Tensor share_of(const at::Tensor& own, const at::Tensor& whole, const Shard& shard, std::int64_t elements) {
  if (whole.sizes() == own.sizes()) return whole;
  const bool cut = own.dim() == 1 && own.numel() == shard.size() && whole.dim() == 1 && whole.numel() == elements;
  return cut ? whole.narrow(0, shard.begin, shard.size()) : at::Tensor();
}

}  // namespace

std::vector<NamedTensor> own_state(Communicator& words, const std::vector<NamedTensor>& mine,
                                   const std::vector<NamedTensor>& whole, const Shard& shard, std::int64_t elements) {
  const auto size = static_cast<std::int64_t>(whole.size());
  at::Tensor takers = at::zeros({size + 1}, at::kLong);  // of each tensor; at the end, of tensors that are not there
  std::vector<NamedTensor> own;
  std::string missing;
  for (const NamedTensor& one : mine) {
    const std::size_t position = position_of(one, whole);
    const at::Tensor share =
        position < whole.size() ? share_of(one.value, whole[position].value, shard, elements) : at::Tensor();
    if (!share.defined()) missing = one.name;
    takers[share.defined() ? static_cast<std::int64_t>(position) : size] += 1;
    own.push_back({one.name, share});
  }
  words.all_reduce_sum(takers);
  const std::vector<std::int64_t> counts(takers.const_data_ptr<std::int64_t>(),
                                         takers.const_data_ptr<std::int64_t>() + size + 1);
  require(counts.back() == 0,
          "the saved optimiser state lacks {}, or has another shape of it; go on with the model, the optimiser and the "
          "options that the run began with",
          missing.empty() ? "what another rank needs" : fmt::format("'{}'", missing));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    require(
        counts[i] > 0,
        "the saved optimiser state has '{}', which this optimiser has not; go on with the optimiser and the options "
        "that the run began with",
        whole[i].name);
  }
  return own;
}

}  // namespace prelude
