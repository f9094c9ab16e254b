#include "core/ops/rms_norm.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "core/ops/accumulate_type.h"
#include "core/ops/cpu/kernels.h"
#include "core/ops/cpu/runs_here.h"
#include "core/ops/cuda/row_operators.h"

namespace prelude {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Normed {
  at::Tensor y;        // [...,D]
  at::Tensor inverse;  // [...,1], 1/rms
};

Normed norm_rows(const at::Tensor& x, const at::Tensor& scale, double epsilon) {
  const bool on_cuda = cuda::runs_here({x, scale});
  if (!on_cuda && !cpu::runs_here({x, scale})) {
    const at::Tensor wide = x.to(accumulate_type(x.scalar_type()));
    const at::Tensor inverse = wide.square().mean(-1, true).add_(epsilon).rsqrt_();
    return {(wide * inverse).to(scale.scalar_type()).mul_(scale), inverse};
  }
  const at::Tensor from = x.contiguous();
  auto sizes = x.sizes().vec();
  sizes.back() = 1;
  Normed normed{at::empty(x.sizes(), x.options()), at::empty(sizes, x.options().dtype(at::kFloat))};
  if (on_cuda) {
    cuda::rms_norm(from, scale.contiguous(), epsilon, normed.y, normed.inverse);
    return normed;
  }
  const std::int64_t width = x.size(-1);
  float* const y = normed.y.mutable_data_ptr<float>();
  float* const inverse = normed.inverse.mutable_data_ptr<float>();
  cpu::over_rows(normed.inverse.numel(), width, [&](std::int64_t begin, std::int64_t rows) {
    cpu::kernels().rms_norm(from.const_data_ptr<float>() + begin * width, scale.const_data_ptr<float>(),
                            static_cast<float>(epsilon), rows, width, y + begin * width, inverse + begin);
  });
  return normed;
}

// With r = 1/rms: dx = passed + r (g s) - x r^3 mean(g s x). `passed` may be undefined.
at::Tensor x_gradient(const at::Tensor& gradient, const at::Tensor& passed, const at::Tensor& x,
                      const at::Tensor& scale, const at::Tensor& inverse) {
  const at::Tensor& any_passed = passed.defined() ? passed : gradient;
  const bool on_cuda = cuda::runs_here({gradient, any_passed, x, scale});
  if (!on_cuda && !cpu::runs_here({gradient, any_passed, x, scale})) {
    const at::Tensor wide = x.to(inverse.scalar_type());
    const at::Tensor scaled = gradient.to(inverse.scalar_type()) * scale.to(inverse.scalar_type());
    const at::Tensor along = (scaled * wide).mean(-1, true).mul_(inverse.pow(3));
    at::Tensor sum = (scaled * inverse).sub_(wide * along);
    if (passed.defined()) sum.add_(passed);
    return sum.to(x.scalar_type());
  }
  const at::Tensor from = x.contiguous();
  const at::Tensor g = gradient.contiguous();
  const at::Tensor p = passed.defined() ? passed.contiguous() : passed;
  at::Tensor result = at::empty(x.sizes(), x.options());
  if (on_cuda) {
    cuda::rms_norm_gradient(g, p, from, scale.contiguous(), inverse, result);
    return result;
  }
  const std::int64_t width = x.size(-1);
  float* const to = result.mutable_data_ptr<float>();
  cpu::over_rows(inverse.numel(), width, [&](std::int64_t begin, std::int64_t rows) {
    const std::int64_t at = begin * width;
    cpu::kernels().rms_norm_gradient(g.const_data_ptr<float>() + at,
                                     p.defined() ? p.const_data_ptr<float>() + at : nullptr,
                                     from.const_data_ptr<float>() + at, scale.const_data_ptr<float>(),
                                     inverse.const_data_ptr<float>() + begin, rows, width, to + at);
  });
  return result;
}

// In blocks of rows that no number of threads changes, so that neither its bits depend on it; they are short, so that
// float32 sums lose little.
at::Tensor scale_gradient_by_kernel(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& inverse) {
  constexpr std::int64_t block = 64;
  const std::int64_t rows = inverse.numel();
  const std::int64_t width = x.size(-1);
  const std::int64_t blocks = (rows + block - 1) / block;
  at::Tensor sums = at::empty({blocks, width}, x.options());
  float* const to = sums.mutable_data_ptr<float>();
  cpu::over_rows(blocks, block * width, [&](std::int64_t begin, std::int64_t count) {
    for (std::int64_t i = begin; i < begin + count; ++i) {
      const std::int64_t first = i * block;
      cpu::kernels().rms_norm_scale_gradient(
          gradient.const_data_ptr<float>() + first * width, x.const_data_ptr<float>() + first * width,
          inverse.const_data_ptr<float>() + first, std::min(block, rows - first), width, to + i * width);
    }
  });
  return sums.sum(0);
}

// Sum of g x r over the rows, [D].
at::Tensor scale_gradient(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& scale,
                          const at::Tensor& inverse) {
  if (cpu::runs_here({gradient, x, scale}))
    return scale_gradient_by_kernel(gradient.contiguous(), x.contiguous(), inverse);
  const at::Tensor products = gradient.to(inverse.scalar_type()) * x.to(inverse.scalar_type()) * inverse;
  return products.flatten(0, -2).sum(0).to(scale.scalar_type());
}

variable_list differentiate(AutogradContext* context, const at::Tensor& gradient, const at::Tensor& passed) {
  if (!gradient.defined()) return {passed, at::Tensor(), at::Tensor()};
  const variable_list saved = context->get_saved_variables();
  at::Tensor to_scale;
  if (context->needs_input_grad(1)) to_scale = scale_gradient(gradient, saved[0], saved[1], saved[2]);
  return {x_gradient(gradient, passed, saved[0], saved[1], saved[2]), to_scale, at::Tensor()};
}

struct RmsNorm : torch::autograd::Function<RmsNorm> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& scale, double epsilon) {
    const Normed normed = norm_rows(x, scale, epsilon);
    context->save_for_backward({x, scale, normed.inverse});
    return normed.y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return differentiate(context, gradients[0], {});
  }
};

struct RmsNormOfResidual : torch::autograd::Function<RmsNormOfResidual> {
  static variable_list forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& scale, double epsilon) {
    const Normed normed = norm_rows(x, scale, epsilon);
    context->set_materialize_grads(false);
    context->save_for_backward({x, scale, normed.inverse});
    return {normed.y, x};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return differentiate(context, gradients[0], gradients[1]);
  }
};

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& scale, double epsilon) {
  return RmsNorm::apply(x, scale, epsilon);
}

NormAndResidual rms_norm_of_residual(const at::Tensor& x, const at::Tensor& scale, double epsilon) {
  const variable_list both = RmsNormOfResidual::apply(x, scale, epsilon);
  return {both[0], both[1]};
}

}  // namespace prelude
