#include "core/ops/cross_entropy.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "core/ops/accumulate_type.h"
#include "core/ops/matrix_product.h"

namespace prelude {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Takes 1 from each row's entry `picked` [n,1] of `rows` [n,V]. On a GPU without LibTorch's deterministic scatter, for
// which the host waits twice.
void subtract_one_hot(at::Tensor& rows, const at::Tensor& picked) {
  if (rows.is_cuda()) {
    rows.add_(at::arange(rows.size(1), picked.options()).eq(picked), -1);
  } else {
    rows.scatter_add_(1, picked, at::full_like(picked, -1, rows.options()));
  }
}

struct CrossEntropySum : torch::autograd::Function<CrossEntropySum> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& hidden, const at::Tensor& weight,
                            const at::Tensor& labels, std::int64_t ignored, bool with_gradient) {
    const std::int64_t rows = hidden.size(0);
    const std::int64_t block = std::max<std::int64_t>(1, logits_at_once / weight.size(0));
    at::Tensor sum = at::zeros({}, hidden.options().dtype(accumulate_type(hidden.scalar_type())));
    at::Tensor gradient = with_gradient ? at::empty_like(hidden) : at::Tensor();  // [N,D]
    at::Tensor weight_gradient;                                                   // [V,D]
    if (with_gradient && weight.requires_grad()) weight_gradient = at::zeros_like(weight);
    for (std::int64_t begin = 0; begin < rows; begin += block) {
      const std::int64_t count = std::min(block, rows - begin);
      const at::Tensor wanted = labels.narrow(0, begin, count);                                            // [n]
      const at::Tensor left_out = wanted.eq(ignored).unsqueeze(1);                                         // [n,1]
      const at::Tensor picked = wanted.clamp_min(0).unsqueeze(1);                                          // [n,1]
      at::Tensor logits = times_transposed(hidden.narrow(0, begin, count), weight).to(sum.scalar_type());  // [n,V]
      at::Tensor lse = logits.logsumexp(1, true);                                                          // [n,1]
      lse.add_(lse - lse);  // NaN where it is infinite, as log_softmax has it
      sum.add_((lse - logits.gather(1, picked)).masked_fill_(left_out, 0).sum());
      if (!with_gradient) continue;
      at::Tensor slope = logits.sub_(lse).exp_();  // softmax - one-hot, [n,V]
      subtract_one_hot(slope, picked);
      slope.mul_(left_out.logical_not().to(slope.scalar_type()));
      slope = slope.to(weight.scalar_type());
      gradient.narrow(0, begin, count).copy_(times(slope, weight));
      if (weight_gradient.defined()) weight_gradient.add_(outer_sum(slope, hidden.narrow(0, begin, count)));
    }
    if (with_gradient) context->save_for_backward({gradient, weight_gradient});
    return sum;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor factor = gradients[0].to(saved[0].scalar_type());
    const at::Tensor to_weight = saved[1].defined() ? saved[1] * factor : at::Tensor();
    return {saved[0] * factor, to_weight, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor cross_entropy_sum(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& labels,
                             std::int64_t ignored) {
  const bool with_gradient = at::GradMode::is_enabled() && (hidden.requires_grad() || weight.requires_grad());
  return CrossEntropySum::apply(hidden, weight, labels, ignored, with_gradient);
}

}  // namespace prelude
