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

struct Recomputed : torch::autograd::Function<Recomputed> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& hidden, const std::optional<at::Tensor>& memory,
                            const Block& block) {
    context->saved_data["block"] = c10::IValue::make_capsule(c10::make_intrusive<KeptBlock>(block));
    context->save_for_backward({hidden, memory.value_or(at::Tensor())});
    return block(hidden, memory.value_or(at::Tensor()));
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto kept = context->saved_data["block"].toCapsule();
    const at::Tensor hidden = leaf_of(saved[0]);
    const at::Tensor memory = leaf_of(saved[1]);
    {
      const at::AutoGradMode with_graph(true);
      const at::Tensor output = static_cast<const KeptBlock&>(*kept).block(hidden, memory);
      torch::autograd::backward({output}, {gradients[0]});
    }
    return {hidden.grad(), memory.defined() ? memory.grad() : memory, at::Tensor()};
  }
};

}  // namespace

at::Tensor recomputed(const Block& block, const at::Tensor& hidden, const at::Tensor& memory) {
  const bool trains = hidden.requires_grad() || (memory.defined() && memory.requires_grad());
  if (!trains || !at::GradMode::is_enabled()) return block(hidden, memory);
  return Recomputed::apply(hidden, memory.defined() ? std::optional(memory) : std::nullopt, block);
}

}  // namespace prelude
