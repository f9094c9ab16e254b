#include "core/t5/batch.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/error.h"

namespace prelude {
namespace {

using Ids = std::span<const std::int32_t>;

at::Tensor padded(std::int64_t rows, std::int64_t columns, std::int64_t value) {
  return at::full({rows, columns}, value, at::kLong);
}

void copy_row(const at::Tensor& ids, std::size_t row, Ids values) {
  std::copy(values.begin(), values.end(), ids.data_ptr<std::int64_t>() + static_cast<std::int64_t>(row) * ids.size(1));
}

std::int64_t longest(std::span<const std::vector<std::int32_t>> lists) {
  std::size_t most = 0;
  for (const auto& list : lists) most = std::max(most, list.size());
  return static_cast<std::int64_t>(most);
}

}  // namespace

Batch make_batch(std::span<const std::vector<std::int32_t>> sources, std::span<const std::vector<std::int32_t>> targets,
                 std::int64_t pad_id, at::Device device) {
  ensure(!sources.empty() && sources.size() == targets.size(), "{} sources but {} targets", sources.size(),
         targets.size());
  const auto rows = static_cast<std::int64_t>(sources.size());
  const std::int64_t width = std::max<std::int64_t>(1, longest(sources));  // an empty source is one hidden padding id
  const std::int64_t target_width = longest(targets) - 1;
  ensure(target_width >= 1, "a target holds the start id and at least one more");
  Batch batch;
  batch.source_ids = padded(rows, width, pad_id);
  batch.decoder_ids = padded(rows, target_width, pad_id);
  batch.labels = padded(rows, target_width, Batch::ignored_label);
  batch.source_lengths = at::zeros({rows}, at::kLong);
  batch.target_lengths = at::zeros({rows}, at::kLong);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const Ids target(targets[i]);
    ensure(target.size() >= 2, "target {} holds {} ids; it needs the start id and at least one more", i, target.size());
    const std::size_t steps = target.size() - 1;
    copy_row(batch.source_ids, i, sources[i]);
    copy_row(batch.decoder_ids, i, target.first(steps));
    copy_row(batch.labels, i, target.last(steps));
    batch.source_lengths.data_ptr<std::int64_t>()[i] = static_cast<std::int64_t>(sources[i].size());
    batch.target_lengths.data_ptr<std::int64_t>()[i] = static_cast<std::int64_t>(steps);
    batch.source_tokens += static_cast<std::int64_t>(sources[i].size());
    batch.label_tokens += static_cast<std::int64_t>(steps);
  }
  for (at::Tensor* tensor :
       {&batch.source_ids, &batch.source_lengths, &batch.decoder_ids, &batch.target_lengths, &batch.labels}) {
    *tensor = tensor->to(device, /*non_blocking=*/true);  // the host does not wait
  }
  return batch;
}

}  // namespace prelude
