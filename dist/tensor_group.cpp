#include "dist/tensor_group.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace prelude {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// An autograd context keeps numbers, not references; the group outlives the graph.
std::int64_t number_of(Communicator& group) { return reinterpret_cast<std::int64_t>(&group); }
Communicator& group_of(std::int64_t number) {
  return *reinterpret_cast<Communicator*>(number);  // NOLINT(performance-no-int-to-ptr)
}

struct CopyTo : torch::autograd::Function<CopyTo> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, std::int64_t group) {
    context->saved_data["group"] = group;
    return x;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    // A gradient may be shared with other nodes of the graph: the sum goes into a copy.
    at::Tensor sum = gradients[0].clone(at::MemoryFormat::Contiguous);
    group_of(context->saved_data["group"].toInt()).all_reduce_sum(sum);
    return {sum, at::Tensor()};
  }
};

struct ReduceFrom : torch::autograd::Function<ReduceFrom> {
  static at::Tensor forward(AutogradContext* context, at::Tensor y, std::int64_t group) {
    group_of(group).all_reduce_sum(y);
    context->mark_dirty({y});
    return y;
  }

  static variable_list backward(AutogradContext* /*context*/, const variable_list& gradients) {
    return {gradients[0], at::Tensor()};
  }
};

}  // namespace

at::Tensor TensorGroup::copy_to(const at::Tensor& x) const {
  return size() == 1 ? x : CopyTo::apply(x, number_of(group_));
}

at::Tensor TensorGroup::reduce_from(at::Tensor y) const {
  return size() == 1 ? y : ReduceFrom::apply(y, number_of(group_));
}

}  // namespace prelude
