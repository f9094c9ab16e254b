#include "launch/train/graphs/bucket.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace prelude {

Bucket bucket_of(const Batch& batch) {
  constexpr std::int64_t unit = Bucket::source_unit;
  Bucket bucket;
  bucket.rows = batch.source_ids.size(0);
  bucket.source = (batch.source_ids.size(1) + unit - 1) / unit * unit;
  bucket.target = batch.decoder_ids.size(1);
  bucket.full = batch.source_tokens == bucket.rows * bucket.source;
  bucket.has_tasks = batch.task_ids.defined();
  return bucket;
}

Batch blank_batch(const Bucket& bucket, std::int64_t pad_id, at::Device device) {
  const auto options = at::TensorOptions(device).dtype(at::kLong);
  Batch batch;
  batch.source_ids = at::full({bucket.rows, bucket.source}, pad_id, options);
  batch.source_lengths = at::zeros({bucket.rows}, options);
  batch.decoder_ids = at::full({bucket.rows, bucket.target}, pad_id, options);
  batch.target_lengths = at::zeros({bucket.rows}, options);
  batch.labels = at::full({bucket.rows, bucket.target}, Batch::ignored_label, options);
  if (bucket.has_tasks) batch.task_ids = at::zeros({bucket.rows}, options);
  if (bucket.full) batch.source_tokens = batch.source_ids.numel();
  return batch;
}

void copy_batch(const Batch& from, std::int64_t pad_id, Batch& to) {
  ensure(bucket_of(from).source == to.source_ids.size(1) && from.decoder_ids.sizes() == to.decoder_ids.sizes(),
         "a batch of {} x {} source ids in a bucket of {} x {}", from.source_ids.size(0), from.source_ids.size(1),
         to.source_ids.size(0), to.source_ids.size(1));
  const std::int64_t source = from.source_ids.size(1);
  if (source < to.source_ids.size(1)) to.source_ids.fill_(pad_id);
  to.source_ids.narrow(1, 0, source).copy_(from.source_ids);
  to.source_lengths.copy_(from.source_lengths);
  to.decoder_ids.copy_(from.decoder_ids);
  to.target_lengths.copy_(from.target_lengths);
  to.labels.copy_(from.labels);
  if (from.task_ids.defined()) to.task_ids.copy_(from.task_ids);
  to.label_tokens = from.label_tokens;
  to.source_tokens = from.source_tokens;
}

}  // namespace prelude
