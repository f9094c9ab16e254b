// Matrix products that the dispatcher ran in this thread, counted.
#pragma once

#include <ATen/ATen.h>
#include <ATen/record_function.h>

#include <memory>
#include <string>

namespace prelude::test {

// What the dispatcher sees being multiplied.
struct Executed {
  double flops = 0;
  std::int64_t weight_gradients = 0;  // products whose result has the shape of a weight
};
inline Executed& executed_here() {
  thread_local Executed executed;
  return executed;
}

inline double product(c10::IntArrayRef a, c10::IntArrayRef b) {
  return 2.0 * static_cast<double>(c10::multiply_integers(a)) * static_cast<double>(b.back());
}

// Scores and mix: 4 B H S M K, as q [B,H,S,K] and k [B,H,M,K] say.
inline double fused_attention(c10::IntArrayRef q, c10::IntArrayRef k) {
  return 4.0 * static_cast<double>(c10::multiply_integers(q)) * static_cast<double>(k[2]);
}

inline std::unique_ptr<at::ObserverContext> count_products(const at::RecordFunction& function) {
  const std::string name = function.name();
  const auto inputs = function.inputs();
  const auto sizes = [&](std::size_t i) { return inputs[i].toTensor().sizes(); };
  if (name == "aten::mm" || name == "aten::bmm") executed_here().flops += product(sizes(0), sizes(1));
  if (name == "aten::addmm" || name == "aten::baddbmm") executed_here().flops += product(sizes(1), sizes(2));
  if (name == "mkldnn::_linear_pointwise") {
    const std::size_t weight = inputs.size() == 6 ? 1 : 2;  // the other form has an addend before it
    const double rows = static_cast<double>(c10::multiply_integers(sizes(0))) / static_cast<double>(sizes(0).back());
    executed_here().flops += 2.0 * rows * static_cast<double>(c10::multiply_integers(sizes(weight)));
    if (rows < 100 && sizes(0).back() >= 100) ++executed_here().weight_gradients;
  }
  if (name == "prelude::attention") executed_here().flops += fused_attention(sizes(0), sizes(1));
  if (name == "prelude::attention_gradient") executed_here().flops += 2.0 * fused_attention(sizes(0), sizes(1));
  if (name == "aten::mm" && sizes(0)[0] < 100 && sizes(0)[1] >= 100) ++executed_here().weight_gradients;
  if (name == "aten::_scaled_dot_product_flash_attention_for_cpu")
    executed_here().flops += fused_attention(sizes(0), sizes(1));
  if (name == "aten::_scaled_dot_product_flash_attention_for_cpu_backward") {
    executed_here().flops += 2.0 * fused_attention(sizes(1), sizes(2));  // without the scores it makes again
  }
  return nullptr;
}

class CountedSection {
 public:
  CountedSection() : handle_(at::addThreadLocalCallback(at::RecordFunctionCallback(count_products).needsInputs(true))) {
    executed_here() = {};
  }
  ~CountedSection() { at::removeCallback(handle_); }
  // Of this section, so far.
  static const Executed& executed() { return executed_here(); }
  CountedSection(const CountedSection&) = delete;
  CountedSection& operator=(const CountedSection&) = delete;

 private:
  at::CallbackHandle handle_;
};

}  // namespace prelude::test
