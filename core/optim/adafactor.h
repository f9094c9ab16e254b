// Adafactor: second moments of a matrix as the product of a row and a column (Shazeer and Stern, "Adafactor: adaptive
// learning rates with sublinear memory cost", ICML 2018), the update that transformers.optimization.Adafactor makes and
// that T5 was trained with.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/delta/trainable.h"
#include "core/optim/optimizer.h"

namespace prelude {

// The defaults are T5's: a rate from outside, in units of a part's own size.
//
// Where T5X (t5x/adafactor.py) and Mesh TensorFlow differ from transformers:
// - They factor a matrix only where both sides have 128 or more: min_dim_size_to_factor.
// - Their decay rule 1 - (t+1)^-0.8 counts t from 0, transformers' 1 - t^-0.8 from 1: the same numbers. The first step
//   has decay 0, which takes the place of a bias correction. T5X' step_offset is what a fresh optimiser has anyway.
// - Their weight decay shrinks by weight_decay a step, not by rate x weight_decay.
// - T5X asks for a rule for more than two dimensions; the last two are factored here, as in transformers.
struct AdafactorOptions {
  double decay_rate = -0.8;                 // second moments: decay 1 - t^decay_rate in update t = 1, 2, ...
  double epsilon1 = 1e-30;                  // added to squared gradients
  double epsilon2 = 1e-3;                   // least size of a part that scale_parameter sees
  double clip_threshold = 1.0;              // largest root mean square of a part's update, before the rate
  std::optional<double> beta1;              // decay of a first moment, which costs the parameter's size; none in T5
  double weight_decay = 0.0;                // a parameter shrinks by its part's rate x weight_decay a step
  bool scale_parameter = true;              // the rate is in units of a part's root mean square
  bool relative_step = false;               // the rate is min(1e-2, 1/sqrt(t)); step()'s is not read
  bool warmup_init = false;                 // with relative_step: min(1e-6 t, 1/sqrt(t))
  std::int64_t min_dim_size_to_factor = 0;  // both of the last two dimensions have it; 128 is T5X', 0 transformers'
};

class Adafactor final : public Optimizer {
 public:
  // `parameter` [N] float32 (float64 in tests): the flat leaf in which `parts` lie one after the other and to its end,
  // none of them empty. Moments start at zero on its device. Small parts of equal shape are updated together, or a GPU
  // would wait for thousands of kernels to be started. A step has two temporaries at a time, each of a part's size or
  // of the few million elements that are updated together.
  Adafactor(const at::Tensor& parameter, const std::vector<NamedShape>& parts, const AdafactorOptions& options = {});

  // `gradient` [N] of the parameter's dtype. It is clipped part by part; clipping its norm before is not needed.
  void step(const at::Tensor& gradient, double learning_rate) override;
  std::int64_t steps() const override { return steps_; }

  // Of each part, in their order, with the part's name and a dot before: exp_avg_sq_row [...,R] and exp_avg_sq_col
  // [...,C] of a part [...,R,C] that is factored, else exp_avg_sq [...] of its shape; exp_avg [...] with beta1.
  std::vector<NamedTensor> state() const override;
  void set_state(const std::vector<NamedTensor>& state, std::int64_t steps) override;

  const AdafactorOptions& options() const { return options_; }

 private:
  // Parts of one shape [...], n of them, as one tensor [n,...].
  struct Group {
    std::vector<std::int64_t> shape;     // [...]
    std::vector<std::string> names;      // n
    std::vector<at::Tensor> parameters;  // n x [...], views of the leaf
    at::Tensor row;                      // [n,...,R] of factored parts [...,R,C]
    at::Tensor column;                   // [n,...,C] of factored parts
    at::Tensor full;                     // [n,...] of parts that are not factored
    at::Tensor average;                  // [n,...], with beta1
  };

  void add_part(const at::Tensor& parameter, const NamedShape& shape, std::int64_t begin);
  void make_moments(Group& group) const;
  at::Tensor normalised(Group& group, const at::Tensor& gradient, double decay) const;
  void update(Group& group, const at::Tensor& gradient, double rate) const;

  std::int64_t size_;   // N
  std::int64_t first_;  // of the leaf in its memory
  std::vector<Group> groups_;
  std::vector<std::pair<std::size_t, std::size_t>> places_;  // of the parts in their order: group, place in it
  AdafactorOptions options_;
  std::int64_t steps_ = 0;
};

}  // namespace prelude
