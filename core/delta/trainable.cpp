#include "core/delta/trainable.h"

#include <ATen/ATen.h>

#include <utility>

#include "core/error.h"

namespace prelude {

Trainable::Trainable(std::vector<NamedShape> parts, const at::TensorOptions& options) : parts_(std::move(parts)) {
  std::int64_t size = 0;
  for (const NamedShape& part : parts_) {
    offsets_.push_back(size);
    size += c10::multiply_integers(part.shape);
  }
  ensure(size > 0, "a delta trains nothing: its {} parts hold no element", parts_.size());
  flat_ = at::zeros({size}, options).requires_grad_(true);
}

std::int64_t Trainable::size() const { return flat_.defined() ? flat_.numel() : 0; }

at::Tensor Trainable::part(std::size_t i) const {
  const std::vector<std::int64_t>& shape = parts_.at(i).shape;
  return flat_.narrow(0, offsets_.at(i), c10::multiply_integers(shape)).view(shape);
}

void Trainable::set(std::size_t i, const at::Tensor& value) {
  const at::NoGradGuard no_grad;
  ensure(value.sizes() == at::IntArrayRef(parts_.at(i).shape), "{} has another shape than the value given to it",
         parts_.at(i).name);
  part(i).copy_(value);
}

}  // namespace prelude
