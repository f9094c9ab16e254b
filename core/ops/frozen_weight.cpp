#include "core/ops/frozen_weight.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/error.h"

namespace prelude {
namespace {

// What the storage of a lent tensor carries; its deleter tells it from any other storage.
struct LentMemory {
  at::Tensor memory;
  const Lease* lease;
};

void give_back(void* context) { delete static_cast<LentMemory*>(context); }

// Null: an ordinary tensor.
const Lease* lease_of(const at::Tensor& weight) {
  const auto* lent = weight.storage().data_ptr().cast_context<LentMemory>(&give_back);
  return lent == nullptr ? nullptr : lent->lease;
}

// An autograd context keeps numbers, not references.
std::int64_t number_of(WeightKeeper* keeper) { return reinterpret_cast<std::int64_t>(keeper); }
WeightKeeper& keeper_of(std::int64_t number) {
  return *reinterpret_cast<WeightKeeper*>(number);  // NOLINT(performance-no-int-to-ptr)
}

}  // namespace

at::Tensor lend(const at::Tensor& memory, const Lease& lease) {
  ensure(memory.dim() == 1 && memory.is_contiguous(), "only flat memory is lent");
  return at::for_blob(memory.mutable_data_ptr(), memory.sizes())
      .context(new LentMemory{memory, &lease}, &give_back)
      .options(memory.options())
      .target_device(memory.device())
      .make_tensor();
}

void save_weight(torch::autograd::AutogradContext& context, const at::Tensor& weight) {
  const Lease* const lease = lease_of(weight);
  if (lease == nullptr) {
    context.save_for_backward({weight});
    return;
  }
  ensure(weight.is_contiguous(), "a weight in lent memory is not contiguous");
  lease->keeper->in_use();
  context.saved_data["keeper"] = number_of(lease->keeper);
  context.saved_data["layer"] = lease->layer;
  context.saved_data["offset"] = weight.storage_offset();
  context.saved_data["shape"] = weight.sizes().vec();
}

at::Tensor saved_weight(torch::autograd::AutogradContext& context) {
  auto& saved = context.saved_data;
  if (saved.find("keeper") == saved.end()) return context.get_saved_variables()[0];
  const std::vector<std::int64_t> shape = saved["shape"].toIntVector();
  const at::Tensor flat = keeper_of(saved["keeper"].toInt()).recall(saved["layer"].toInt());
  return flat.narrow(0, saved["offset"].toInt(), c10::multiply_integers(shape)).view(shape);
}

}  // namespace prelude
