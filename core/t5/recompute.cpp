#include "core/t5/recompute.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

namespace prelude {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// A block in a form that an autograd context keeps.
struct KeptBlock : torch::CustomClassHolder {
  explicit KeptBlock(Block given) : block(std::move(given)) {}
  Block block;
};

// A leaf with x's values, that asks for a gradient if x did.
at::Tensor leaf_of(const at::Tensor& x) { return x.defined() ? x.detach().requires_grad_(x.requires_grad()) : x; }

std::optional<at::Tensor> given(const at::Tensor& x) { return x.defined() ? std::optional(x) : std::nullopt; }

struct Recomputed : torch::autograd::Function<Recomputed> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& hidden, const std::optional<at::Tensor>& memory,
                            const std::optional<at::Tensor>& bias, const Block& block) {
    const BlockInputs inputs{hidden, memory.value_or(at::Tensor()), bias.value_or(at::Tensor())};
    context->saved_data["block"] = c10::IValue::make_capsule(c10::make_intrusive<KeptBlock>(block));
    context->save_for_backward({inputs.hidden, inputs.memory, inputs.bias});
    return block(inputs);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto kept = context->saved_data["block"].toCapsule();
    const BlockInputs inputs{leaf_of(saved[0]), leaf_of(saved[1]), leaf_of(saved[2])};
    {
      const at::AutoGradMode with_graph(true);
      const at::Tensor output = static_cast<const KeptBlock&>(*kept).block(inputs);
      torch::autograd::backward({output}, {gradients[0]});
    }
    const auto gradient = [](const at::Tensor& leaf) { return leaf.defined() ? leaf.grad() : leaf; };
    return {gradient(inputs.hidden), gradient(inputs.memory), gradient(inputs.bias), at::Tensor()};
  }
};

}  // namespace

at::Tensor recomputed(const Block& block, const BlockInputs& inputs) {
  const auto trains = [](const at::Tensor& x) { return x.defined() && x.requires_grad(); };
  const bool any = trains(inputs.hidden) || trains(inputs.memory) || trains(inputs.bias);
  if (!any || !at::GradMode::is_enabled()) return block(inputs);
  return Recomputed::apply(inputs.hidden, given(inputs.memory), given(inputs.bias), block);
}

}  // namespace prelude
