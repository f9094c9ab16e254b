#include "dist/sharded_state.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "core/error.h"
#include "dist/text.h"

namespace prelude {
namespace {

// A tensor of some rank's state, as the others hear of it.
struct Described {
  std::string name;
  std::vector<std::int64_t> shape;
  at::ScalarType type;
};

std::string description_of(const std::vector<NamedTensor>& state) {
  nlohmann::json list = nlohmann::json::array();
  for (const NamedTensor& one : state) {
    list.push_back({one.name, one.value.sizes().vec(), static_cast<int>(one.value.scalar_type())});
  }
  return list.dump();
}

std::vector<Described> described(const std::string& text) {
  std::vector<Described> list;
  for (const auto& one : nlohmann::json::parse(text)) {
    list.push_back({one[0], one[1], static_cast<at::ScalarType>(one[2].get<int>())});
  }
  return list;
}

// `owner`'s tensor, of whose value only the owner gives: on rank 0 a copy on the CPU, elsewhere undefined.
at::Tensor sent_to_first(Communicator& words, int owner, const Described& what, const at::Tensor& value,
                         std::int64_t most_bytes) {
  const std::int64_t size = c10::multiply_integers(what.shape);
  const std::int64_t most =
      std::max<std::int64_t>(1, most_bytes / static_cast<std::int64_t>(c10::elementSize(what.type)));
  at::Tensor copy;
  if (words.rank() == 0) copy = at::empty(what.shape, what.type);
  at::Tensor piece = at::empty({std::min(size, most)}, what.type);
  for (std::int64_t at = 0; at < size; at += most) {
    const std::int64_t count = std::min(most, size - at);
    at::Tensor sent = piece.narrow(0, 0, count);
    if (words.rank() == owner) sent.copy_(value.detach().reshape({size}).narrow(0, at, count));
    if (owner != 0) words.broadcast(sent, owner);
    if (copy.defined()) copy.view({size}).narrow(0, at, count).copy_(sent);
  }
  return copy;
}

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

std::vector<NamedTensor> joined_state(Communicator& words, const std::vector<NamedTensor>& mine,
                                      std::int64_t most_bytes) {
  const at::NoGradGuard no_grad;
  std::vector<std::pair<std::string, std::vector<at::Tensor>>> pieces;  // by name, in the order of ranks
  const std::vector<std::string> descriptions = gather_texts(words, description_of(mine));
  for (int owner = 0; owner < words.size(); ++owner) {
    const std::vector<Described> theirs = described(descriptions[static_cast<std::size_t>(owner)]);
    for (std::size_t i = 0; i < theirs.size(); ++i) {
      const at::Tensor value = words.rank() == owner ? mine[i].value : at::Tensor();
      const at::Tensor copy = sent_to_first(words, owner, theirs[i], value, most_bytes);
      auto found =
          std::find_if(pieces.begin(), pieces.end(), [&](const auto& one) { return one.first == theirs[i].name; });
      if (found == pieces.end()) found = pieces.emplace(pieces.end(), theirs[i].name, std::vector<at::Tensor>());
      if (copy.defined()) found->second.push_back(copy);
    }
  }
  std::vector<NamedTensor> joined;
  if (words.rank() != 0) return joined;
  for (auto& [name, values] : pieces) {
    joined.push_back({name, values.size() == 1 ? values.front() : at::cat(values)});
    values.clear();
  }
  return joined;
}

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
