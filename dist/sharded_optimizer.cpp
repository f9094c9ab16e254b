#include "dist/sharded_optimizer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "dist/sharded_state.h"

namespace prelude {

ShardedOptimizer::ShardedOptimizer(Communicator& group, const at::Tensor& parameter, std::vector<Shard> shards,
                                   const Factory& make, std::int64_t most_bytes)
    : group_(group), parameter_(parameter.detach()), shards_(std::move(shards)), most_bytes_(most_bytes) {
  ensure(parameter_.dim() == 1 && parameter_.is_contiguous(), "a sharded optimiser takes one flat leaf");
  ensure(shards_.size() == static_cast<std::size_t>(group_.size()), "{} shards for {} ranks", shards_.size(),
         group_.size());
  std::int64_t begin = 0;
  for (const Shard& shard : shards_) {
    ensure(shard.begin == begin && shard.end >= begin, "a shard from {} to {} after {}", shard.begin, shard.end, begin);
    begin = shard.end;
  }
  ensure(begin == parameter_.numel(), "shards of {} elements, parameter of {}", begin, parameter_.numel());
  if (shard().size() > 0) optimizer_ = make(elements(shard(), 0, shard().size()), shard());
}

void ShardedOptimizer::step(const at::Tensor& gradient, double learning_rate) {
  ensure(gradient.sizes() == parameter_.sizes(), "a sharded optimiser: gradient of {} elements, parameter of {}",
         gradient.numel(), parameter_.numel());
  const at::NoGradGuard no_grad;
  ++steps_;
  if (optimizer_) optimizer_->step(gradient.detach().narrow(0, shard().begin, shard().size()), learning_rate);
  if (group_.size() == 1) return;
  if (alike()) {
    gather_alike();
  } else {
    broadcast_each();
  }
}

// All shards have the size of the first, or are what the leaf's end leaves of it.
bool ShardedOptimizer::alike() const {
  const std::int64_t size = shards_.front().size();
  for (std::size_t rank = 0; rank < shards_.size(); ++rank) {
    if (shards_[rank].end != std::min(static_cast<std::int64_t>(rank + 1) * size, parameter_.numel())) return false;
  }
  return true;
}

// What the shard has of its `count` elements from its own `from` on: a view [0 to count].
at::Tensor ShardedOptimizer::elements(const Shard& shard, std::int64_t from, std::int64_t count) const {
  const std::int64_t begin = std::min(shard.begin + from, shard.end);
  return parameter_.narrow(0, begin, std::min(count, shard.end - begin));
}

void ShardedOptimizer::gather_alike() {
  const std::int64_t longest = shards_.front().size();
  const std::int64_t most = std::max<std::int64_t>(1, most_bytes_ / parameter_.element_size() / group_.size());
  for (std::int64_t from = 0; from < longest; from += most) {
    const std::int64_t count = std::min(most, longest - from);
    at::Tensor mine = elements(shard(), from, count);
    if (mine.numel() < count) mine = at::constant_pad_nd(mine, {0, count - mine.numel()});
    const at::Tensor all = group_.all_gather(mine);  // [size,count]
    for (int rank = 0; rank < group_.size(); ++rank) {
      if (rank == group_.rank()) continue;
      const at::Tensor to = elements(shards_[static_cast<std::size_t>(rank)], from, count);
      to.copy_(all[rank].narrow(0, 0, to.numel()));
    }
  }
}

void ShardedOptimizer::broadcast_each() {
  const std::int64_t most = std::max<std::int64_t>(1, most_bytes_ / parameter_.element_size());
  for (int rank = 0; rank < group_.size(); ++rank) {
    const Shard& from = shards_[static_cast<std::size_t>(rank)];
    for (std::int64_t at = 0; at < from.size(); at += most) {
      at::Tensor piece = elements(from, at, most);
      group_.broadcast(piece, rank);
    }
  }
}

std::vector<NamedTensor> ShardedOptimizer::state() const {
  return optimizer_ ? optimizer_->state() : std::vector<NamedTensor>{};
}

void ShardedOptimizer::set_state(const std::vector<NamedTensor>& state, std::int64_t steps) {
  if (optimizer_) {
    optimizer_->set_state(state, steps);
  } else {
    copy_state({}, state, steps);
  }
  steps_ = steps;
}

void ShardedOptimizer::set_whole_state(Communicator& words, const std::vector<NamedTensor>& whole, std::int64_t steps) {
  set_state(own_state(words, state(), whole, shard(), parameter_.numel()), steps);
}

}  // namespace prelude
