// Which example of a batch has a loss that is not finite. A step and a validation add losses up; this looks closer once
// a sum is not finite, for the message.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/delta/delta_sites.h"
#include "core/t5/batch.h"
#include "core/t5/model.h"
#include "dist/communicator.h"

namespace prelude {

// The loss of each example of a batch, summed over its label positions: [B] float64 on the CPU. Without a graph.
at::Tensor example_losses(const Model& model, const Batch& batch, const DeltaSites& sites);

// The number (Batch::samples) of an example without a finite loss, the first of its micro-batch. A collective of
// `data`, which adds up tensors on `device`: one rank has the micro-batch, the others give null.
std::int64_t sample_not_finite(const Model& model, const Batch* batch, const DeltaSites& sites, Communicator& data,
                               at::Device device);

}  // namespace prelude
