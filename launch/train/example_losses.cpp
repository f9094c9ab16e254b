#include "launch/train/example_losses.h"

#include <ATen/ATen.h>

#include <cmath>

#include "core/error.h"

namespace prelude {

at::Tensor example_losses(const Model& model, const Batch& batch, const DeltaSites& sites) {
  const at::NoGradGuard no_graph;
  const EncoderOutput encoded = model.encode(batch.source_ids, batch.source_lengths, sites);
  at::Tensor logits = model.logits(model.decode(batch.decoder_ids, encoded, sites));  // [B,T,V]
  if (logits.scalar_type() != at::kDouble) logits = logits.to(at::kFloat);
  const at::Tensor losses = at::cross_entropy_loss(logits.flatten(0, 1), batch.labels.flatten(), {},
                                                   at::Reduction::None, Batch::ignored_label);  // [B*T]
  return losses.view(batch.labels.sizes()).sum(1).to(at::Device(at::kCPU), at::kDouble);
}

std::int64_t sample_not_finite(const Model& model, const Batch* batch, const DeltaSites& sites, Communicator& data,
                               at::Device device) {
  at::Tensor found = at::zeros({1}, at::TensorOptions(at::kDouble).device(device));
  if (batch == nullptr) {
    model.pass_idly(1);
  } else {
    ensure(static_cast<std::int64_t>(batch->samples.size()) == batch->labels.size(0), "{} numbers of {} examples",
           batch->samples.size(), batch->labels.size(0));
    const at::Tensor losses = example_losses(model, *batch, sites).contiguous();
    const double* const loss = losses.const_data_ptr<double>();
    std::size_t first = 0;  // also where each is finite and only their sum is not
    for (std::size_t i = batch->samples.size(); i-- > 0;) {
      if (!std::isfinite(loss[i])) first = i;
    }
    found.fill_(static_cast<double>(batch->samples[first]));
  }
  data.all_reduce_sum(found);
  return std::llround(found.item<double>());
}

}  // namespace prelude
