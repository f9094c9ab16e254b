#include "core/ops/matrix_product.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <optional>
#include <string_view>

namespace prelude {
namespace {

// LibTorch's fused linear layers over oneDNN (aten/src/ATen/native/mkldnn/Linear.cpp); registered operators, without a
// C++ header. The weight may have any strides: a transposed view is as good.
using Attributes = c10::List<std::optional<at::Scalar>>;
using Linear = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, std::string_view,
                          Attributes, std::optional<std::string_view>);
using LinearPlus = at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                              std::string_view);

struct OneDnn {
  std::optional<c10::TypedOperatorHandle<Linear>> linear;
  std::optional<c10::TypedOperatorHandle<LinearPlus>> linear_plus;
};

const OneDnn& one_dnn() {
  static const OneDnn found = [] {
    auto& dispatcher = c10::Dispatcher::singleton();
    OneDnn operators;
    const auto linear = dispatcher.findSchema({"mkldnn::_linear_pointwise", ""});
    const auto plus = dispatcher.findSchema({"mkldnn::_linear_pointwise", "binary"});
    if (linear && plus && linear->hasKernelForDispatchKey(c10::DispatchKey::CPU)) {
      operators.linear = linear->typed<Linear>();
      operators.linear_plus = plus->typed<LinearPlus>();
    }
    return operators;
  }();
  return found;
}

// rows [N,k], weight [n,k] of any strides, plus [N,n] or undefined -> [N,n].
at::Tensor multiply_rows(const at::Tensor& rows, const at::Tensor& weight, const at::Tensor& plus) {
  const bool single = rows.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat;
  if (rows.is_cpu() && single && rows.numel() > 0 && one_dnn().linear) {
    if (!plus.defined())
      return one_dnn().linear->call(rows.contiguous(), weight, std::nullopt, "none", Attributes(), "");
    return one_dnn().linear_plus->call(rows.contiguous(), plus.contiguous(), weight, std::nullopt, "add");
  }
  return plus.defined() ? at::addmm(plus, rows, weight.t()) : at::mm(rows, weight.t());
}

// x [...,k], weight [n,k] of any strides.
at::Tensor multiply(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& plus) {
  const at::Tensor addend = plus.defined() ? plus.reshape({-1, weight.size(0)}) : plus;
  const at::Tensor product = multiply_rows(x.reshape({-1, x.size(-1)}), weight, addend);
  auto sizes = x.sizes().vec();
  sizes.back() = weight.size(0);
  return at::_unsafe_view(product, sizes);  // no view in autograd's eyes: others may write into it
}

}  // namespace

at::Tensor times_transposed(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& plus) {
  return multiply(x, weight, plus);
}

at::Tensor times(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& plus) {
  return multiply(x, weight.t(), plus);
}

at::Tensor outer_sum(const at::Tensor& gradient, const at::Tensor& x) {
  const at::Tensor g = gradient.reshape({-1, gradient.size(-1)});  // [N,out]
  const at::Tensor rows = x.reshape({-1, x.size(-1)});             // [N,in]
  // oneDNN wants the left factor with whole rows: the narrower one is copied transposed.
  if (rows.size(1) <= g.size(1)) return multiply_rows(rows.t(), g.t(), {}).t();
  return multiply_rows(g.t(), rows.t(), {});
}

}  // namespace prelude
