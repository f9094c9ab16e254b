#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace prelude {

// A named tensor that trains: a view of Trainable's flat leaf.
struct NamedShape {
  std::string name;
  std::vector<std::int64_t> shape;
};

// Everything a delta trains, as one flat float32 leaf, so that the optimiser, the world sum and the checkpoint each see
// one tensor: `flat` [N] requires a gradient; named parts are views of it, in the order given.
class Trainable {
 public:
  Trainable() = default;
  // Values are zero until set. `options`: device and dtype (float32; float64 in tests).
  Trainable(std::vector<NamedShape> parts, const at::TensorOptions& options);

  const at::Tensor& flat() const { return flat_; }  // [N], leaf
  std::int64_t size() const;                        // N
  // View of part i with its own shape; differentiable back to `flat`.
  at::Tensor part(std::size_t i) const;
  const std::vector<NamedShape>& parts() const { return parts_; }
  // Copies `value` (any dtype, same shape) into part i, outside autograd.
  void set(std::size_t i, const at::Tensor& value);

 private:
  std::vector<NamedShape> parts_;
  std::vector<std::int64_t> offsets_;
  at::Tensor flat_;
};

}  // namespace prelude
