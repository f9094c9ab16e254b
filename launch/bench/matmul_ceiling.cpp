#include "launch/bench/matmul_ceiling.h"

#include <ATen/ATen.h>

#include "launch/bench/timing.h"

namespace prelude {
namespace {

double flops_of(const at::Tensor& left, const at::Tensor& right) {
  return 2.0 * static_cast<double>(left.numel()) * static_cast<double>(right.size(1));
}

}  // namespace

MatmulCeiling::MatmulCeiling(std::vector<MatrixProduct> products, at::Device device, at::ScalarType dtype)
    : on_cpu_(device.is_cpu()) {
  const auto options = at::TensorOptions(device).dtype(dtype);
  if (!on_cpu_) {
    constexpr std::int64_t side = 8192;
    products = {{side, side, side, 1}};
    what_ = "at::mm of 8192 x 8192 x 8192";
  } else {
    what_ = "at::mm over the step's weight products";
  }
  for (const MatrixProduct& product : products) {
    const auto count = static_cast<double>(product.count);
    const at::Tensor weight = at::randn({product.out, product.in}, options);
    operands_.push_back({at::randn({product.rows, product.in}, options), weight.t(), count});
    if (on_cpu_) operands_.push_back({at::randn({product.rows, product.out}, options), weight, count});
  }
}

double MatmulCeiling::measure() {
  const at::NoGradGuard no_graph;
  const int repeats = on_cpu_ ? 1 : 20;
  double flops = 0;
  double seconds = 0;
  for (const Operands& operands : operands_) {
    at::Tensor result = at::mm(operands.left, operands.right);  // warm
    wait_for(result);
    const double all = seconds_of([&] {
      for (int k = 0; k < repeats; ++k) at::mm_out(result, operands.left, operands.right);
      wait_for(result);
    });
    seconds += operands.count * all / repeats;
    flops += operands.count * flops_of(operands.left, operands.right);
  }
  return flops / seconds;
}

}  // namespace prelude
