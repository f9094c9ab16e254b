#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <vector>

#include "core/optim/optimizer.h"
#include "dist/communicator.h"
#include "dist/shard.h"

namespace prelude {

// An optimiser whose state is shared out over the ranks of a data-parallel group (Rajbhandari et al., "ZeRO: memory
// optimizations toward training trillion parameter models", SC 2020, stage 1): each rank updates its shard of the leaf
// with an optimiser of its own, then all gather the leaf. The leaf has the same bits on every rank afterwards, and the
// bits that the same optimiser over the whole leaf gives: AdamW with shards_of_elements, Adafactor with
// shards_of_parts.
class ShardedOptimizer final : public Optimizer {
 public:
  // The optimiser of a shard that is not empty, from its elements of the leaf [shard.size()], a view.
  using Factory = std::function<std::unique_ptr<Optimizer>(const at::Tensor& elements, const Shard& shard)>;

  // `parameter` [N], the same numbers on every rank of `group`, which lives longer; `shards`, one a rank, are the leaf
  // from its first to its last element. A collective of a step moves `most_bytes` or less, and needs as much memory.
  ShardedOptimizer(Communicator& group, const at::Tensor& parameter, std::vector<Shard> shards, const Factory& make,
                   std::int64_t most_bytes = 16 << 20);

  // A collective; `gradient` [N]: elements outside this rank's shard are not read. Sends the leaf once.
  void step(const at::Tensor& gradient, double learning_rate) override;
  std::int64_t steps() const override { return steps_; }

  // This rank's share alone, named as the shard's optimiser names it; no communication. Nothing on an empty shard.
  std::vector<NamedTensor> state() const override;
  void set_state(const std::vector<NamedTensor>& state, std::int64_t steps) override;

  // Continues from the state of the optimiser over the whole leaf, which does not depend on the number of ranks and is
  // given on every one: each takes its share. A collective of `words`, a group of the same ranks for CPU tensors.
  // Throws UserError as set_state, on every rank for what all can see.
  void set_whole_state(Communicator& words, const std::vector<NamedTensor>& whole, std::int64_t steps);

  const std::vector<Shard>& shards() const { return shards_; }  // of every rank
  const Shard& shard() const { return shards_[static_cast<std::size_t>(group_.rank())]; }

 private:
  bool alike() const;
  at::Tensor elements(const Shard& shard, std::int64_t from, std::int64_t count) const;
  void gather_alike();
  void broadcast_each();

  Communicator& group_;
  at::Tensor parameter_;  // [N]
  std::vector<Shard> shards_;
  std::int64_t most_bytes_;
  std::unique_ptr<Optimizer> optimizer_;  // none on an empty shard
  std::int64_t steps_ = 0;
};

}  // namespace prelude
