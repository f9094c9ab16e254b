#include "core/ops/dropout.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/ops/cpu/kernels.h"
#include "core/ops/cpu/runs_here.h"
#include "core/ops/cuda/row_operators.h"
#include "core/ops/dropout_mask.h"

namespace prelude {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

DropoutMask mask_over(const at::Tensor& x, double rate, const DropoutPlace& place) {
  DropoutMask mask;
  mask.site = static_cast<std::uint64_t>(place.site);
  mask.heads = x.dim() == 4 ? x.size(1) : 1;
  mask.positions = x.size(-2);
  mask.first_head = place.first_head;
  mask.first_column = place.first_column;
  mask.threshold = static_cast<std::uint32_t>(std::min(std::round(std::ldexp(rate, 32)),  // just below 1 it is 2^32
                                                       double{std::numeric_limits<std::uint32_t>::max()}));
  mask.scale = static_cast<float>(1.0 / (1.0 - rate));
  return mask;
}

// x [...] contiguous float32 on the CPU.
at::Tensor masked_on_cpu(const at::Tensor& x, const at::Tensor& keys, const DropoutMask& mask) {
  at::Tensor y = at::empty(x.sizes(), x.options());
  const std::int64_t width = x.size(-1);
  float* const to = y.mutable_data_ptr<float>();
  cpu::over_rows(x.numel() / width, width, [&](std::int64_t begin, std::int64_t rows) {
    cpu::kernels().dropout(mask, keys.const_data_ptr<std::int64_t>(), x.const_data_ptr<float>(), begin, begin + rows,
                           width, to);
  });
  return y;
}

// A type or device without a kernel: the same mask as the CPU's of ones.
at::Tensor masked_by_ones(const at::Tensor& x, double rate, const at::Tensor& keys, DropoutMask mask) {
  mask.scale = 1.0F;
  const at::Tensor kept = masked_on_cpu(at::ones(x.sizes(), at::kFloat), keys.cpu(), mask).to(at::kBool);
  return at::where(kept.to(x.device()), x * (1.0 / (1.0 - rate)), x * 0.0);  // NaN also of what is dropped
}

at::Tensor masked(const at::Tensor& x, double rate, const at::Tensor& keys, const DropoutPlace& place) {
  if (x.numel() == 0) return x.clone();
  const DropoutMask mask = mask_over(x, rate, place);
  if (cuda::runs_here({x})) {
    at::Tensor y = at::empty(x.sizes(), x.options());
    cuda::dropout(mask, keys, x.contiguous(), y);
    return y;
  }
  if (cpu::runs_here({x})) return masked_on_cpu(x.contiguous(), keys, mask);
  return masked_by_ones(x, rate, keys, mask);
}

struct Dropout : torch::autograd::Function<Dropout> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& keys, double rate,
                            std::int64_t site, std::int64_t first_column, std::int64_t first_head) {
    context->save_for_backward({keys});
    context->saved_data["rate"] = rate;
    context->saved_data["site"] = site;
    context->saved_data["first_column"] = first_column;
    context->saved_data["first_head"] = first_head;
    return masked(x, rate, keys, {site, first_column, first_head});
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const DropoutPlace place{context->saved_data["site"].toInt(), context->saved_data["first_column"].toInt(),
                             context->saved_data["first_head"].toInt()};
    const at::Tensor keys = context->get_saved_variables()[0];
    const at::Tensor gradient = masked(gradients[0], context->saved_data["rate"].toDouble(), keys, place);
    return {gradient, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor dropout_keys(std::uint64_t seed, std::span<const std::int64_t> samples) {
  at::Tensor keys = at::empty({static_cast<std::int64_t>(samples.size())}, at::kLong);
  auto* const to = keys.mutable_data_ptr<std::int64_t>();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    to[i] = static_cast<std::int64_t>(mixed(mixed(seed, 0), static_cast<std::uint64_t>(samples[i])));
  }
  return keys;
}

at::Tensor dropout(const at::Tensor& x, double rate, const at::Tensor& keys, const DropoutPlace& place) {
  ensure(rate >= 0 && rate < 1, "a dropout of rate {}", rate);
  ensure(x.dim() == 3 || x.dim() == 4, "dropout over {} dimensions", x.dim());
  ensure(keys.dim() == 1 && keys.size(0) == x.size(0) && keys.scalar_type() == at::kLong && keys.is_contiguous(),
         "dropout: {} keys for {} examples", keys.numel(), x.size(0));
  ensure(keys.device() == x.device(), "dropout: keys on {} for numbers on {}", keys.device().str(), x.device().str());
  ensure(place.site >= 0 && place.first_column >= 0 && place.first_head >= 0, "dropout at site {}, column {}, head {}",
         place.site, place.first_column, place.first_head);
  if (rate == 0) return x;
  return Dropout::apply(x, keys, rate, place.site, place.first_column, place.first_head);
}

}  // namespace prelude
