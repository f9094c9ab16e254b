#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "dist/bucketed_sum.h"
#include "dist/mesh.h"
#include "launch/train/summed_gradient.h"

namespace prelude {

// How gradients of several ranks become one (docs/architecture.md, "The step").
enum class Reduction : std::uint8_t {
  fast,     // one sum over the world; its order, and so the last bits, depend on the number of ranks
  ordered,  // micro-batches are added in their own order, whoever computed them: the same bits on any data-parallel
            // layout
};

// What one step adds up over its micro-batches and over the world, in one flat buffer:
// [gradient (N) | loss sum | label tokens | source tokens | stop votes]. Backward accumulates into a view of it in
// place, so that nothing is copied before the sum over ranks. The sum of a gradient of many parts begins within the
// last micro-batch's backward (dist/bucketed_sum.h). A count of tokens is two numbers, units of 1,024 and the rest,
// so that float32 sums are exact below 2^34 tokens of a step (times the tensor-parallel ranks).
class StepSums {
 public:
  // `mesh` outlives this. `most_micro_batches`: of one rank in a step; ordered keeps a buffer for each.
  // `most_bytes`: of what ordered gathers at once.
  StepSums(SummedGradient gradient, const Mesh& mesh, Reduction reduction, std::int64_t most_micro_batches,
           std::int64_t most_bytes = std::int64_t{64} << 20);

  void zero();
  // Before each micro-batch's backward. `last`: of this rank in the step.
  void next_micro_batch(bool last);
  // loss_sum []: of the micro-batch that was begun last.
  void add(const at::Tensor& loss_sum, std::int64_t label_tokens, std::int64_t source_tokens);
  // This rank asks all to stop after the step. Kept until the sum.
  void vote_to_stop() { stop_ = true; }
  // Over all ranks. Where tensor-parallel ranks hold copies of the gradient, their multiplicity cancels in the
  // division, and every rank has the same bits; slices are added up over the data-parallel ranks.
  void sum_over_ranks();
  // Gradient and loss become means a label token; the token counts become those of the step's examples.
  void divide_by_tokens();

  at::Tensor gradient() const { return total().narrow(0, 0, source_.size); }  // [N]
  at::Tensor gradient_norm() const { return source_.norm(gradient()); }       // [], of all slices
  // [4] float64: mean loss, label tokens, source tokens, stop votes (more than 0: somebody asked).
  at::Tensor counts() const;

 private:
  at::Tensor total() const { return rows_.select(0, 0); }
  at::Tensor extras() const;                 // what follows the gradient in total()
  at::Tensor tokens(std::int64_t at) const;  // [] float64
  void write_counts();
  void sum_fast();
  void sum_in_order();
  void sum_votes();

  const Mesh& mesh_;
  SummedGradient source_;
  bool ordered_;
  std::shared_ptr<BucketedSum> buckets_;  // over the data-parallel ranks; null: one sum, after the last backward
  std::int64_t most_bytes_;
  bool stop_ = false;
  std::int64_t row_ = -1;           // of the micro-batch under way
  std::int64_t label_tokens_ = 0;   // of this rank
  std::int64_t source_tokens_ = 0;  // of this rank
  at::Tensor rows_;                 // [1,N+E], or ordered: [most_micro_batches,N+E]
};

}  // namespace prelude
