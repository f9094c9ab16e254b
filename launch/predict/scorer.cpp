#include "launch/predict/scorer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "dist/text.h"
#include "launch/not_finite.h"
#include "launch/predict/length_batches.h"
#include "launch/predict/padded_ids.h"

namespace prelude {
namespace {

// Logits live for this many numbers at a time, at most.
constexpr std::int64_t logits_at_once = std::int64_t{1} << 25;

at::Tensor to_device(const std::vector<std::int64_t>& values, at::Device device) {
  return at::tensor(values, at::kLong).to(device);
}

EncoderOutput encode(const LoadedModel& loaded, std::span<const Ids> sources) {
  const PaddedIds padded = pad_ids(sources, loaded.config().pad_token_id, loaded.device());
  return loaded.model().encode(padded.ids, padded.lengths, loaded.sites());
}

EncoderOutput rows_of(const EncoderOutput& encoded, const at::Tensor& rows) {
  return {encoded.hidden.index_select(0, rows), encoded.lengths.index_select(0, rows), encoded.full};
}

// log softmax(logits)[label] of hidden rows [N,D] and labels [N] -> [N] on the CPU.
at::Tensor label_log_probabilities(const Model& model, const at::Tensor& hidden, const at::Tensor& labels) {
  const std::int64_t block = std::max<std::int64_t>(1, logits_at_once / model.config().vocab_size);
  std::vector<at::Tensor> parts;
  for (std::int64_t begin = 0; begin < hidden.size(0); begin += block) {
    const std::int64_t count = std::min(block, hidden.size(0) - begin);
    at::Tensor logits = model.logits(hidden.narrow(0, begin, count));  // [n,V]
    if (logits.scalar_type() != at::kDouble) logits = logits.to(at::kFloat);
    const at::Tensor picked = labels.narrow(0, begin, count).unsqueeze(1);  // [n,1]
    parts.push_back((logits.gather(1, picked) - logits.logsumexp(1, true)).squeeze(1));
  }
  return at::cat(parts).to(at::kDouble).to(at::Device(at::kCPU));
}

// A target, which encoded row it belongs to, and where its numbers go.
struct Row {
  std::int64_t encoded;
  const Ids* target;
  std::vector<double>* result;
};

void score_rows(const LoadedModel& loaded, const EncoderOutput& encoded, std::span<const Row> rows) {
  std::vector<Ids> inputs;
  std::vector<std::int64_t> places;     // of real positions in the flattened [rows, T]
  std::vector<std::int64_t> labels;     // one a real position
  std::vector<std::int64_t> encodings;  // one a row
  std::size_t width = 0;
  for (const Row& row : rows) width = std::max(width, row.target->size());
  for (const Row& row : rows) {
    for (std::size_t t = 0; t < row.target->size(); ++t) {
      places.push_back(static_cast<std::int64_t>(inputs.size() * width + t));
      labels.push_back((*row.target)[t]);
    }
    inputs.emplace_back(row.target->begin(), row.target->end() - 1);
    inputs.back().insert(inputs.back().begin(), static_cast<std::int32_t>(loaded.config().decoder_start_token_id));
    encodings.push_back(row.encoded);
  }
  const at::Device device = loaded.device();
  const at::Tensor decoder_ids = pad_ids(inputs, loaded.config().pad_token_id, device).ids;  // [R,T]
  const at::Tensor hidden =
      loaded.model().decode(decoder_ids, rows_of(encoded, to_device(encodings, device)), loaded.sites());  // [R,T,D]
  const at::Tensor real = hidden.flatten(0, 1).index_select(0, to_device(places, device));                 // [N,D]
  const at::Tensor found = label_log_probabilities(loaded.model(), real, to_device(labels, device));       // [N]
  const double* next = found.const_data_ptr<double>();
  for (const Row& row : rows) {
    row.result->assign(next, next + row.target->size());
    next += row.target->size();
  }
}

// Each number was computed by one rank and is zero on the others.
void share(LogProbabilities& results, Communicator& data) {
  std::vector<double> flat;
  for (const auto& targets : results) {
    for (const auto& target : targets) flat.insert(flat.end(), target.begin(), target.end());
  }
  at::Tensor sum = at::from_blob(flat.data(), {static_cast<std::int64_t>(flat.size())}, at::kDouble);
  data.all_reduce_sum(sum);
  const double* next = flat.data();
  for (auto& targets : results) {
    for (auto& target : targets) {
      std::copy_n(next, target.size(), target.begin());
      next += target.size();
    }
  }
}

// Each list was made by one rank and is empty on the others.
void share(std::vector<Ids>& lists, Communicator& data) {
  std::vector<std::int32_t> mine;  // length and ids of every list
  for (const Ids& list : lists) {
    mine.push_back(static_cast<std::int32_t>(list.size()));
    mine.insert(mine.end(), list.begin(), list.end());
  }
  const std::string bytes(reinterpret_cast<const char*>(mine.data()), mine.size() * sizeof(std::int32_t));
  for (const std::string& text : gather_texts(data, bytes)) {
    std::vector<std::int32_t> theirs(text.size() / sizeof(std::int32_t));
    std::memcpy(theirs.data(), text.data(), text.size());
    auto next = theirs.begin();
    for (Ids& list : lists) {
      const auto size = *next++;
      if (size > 0) list.assign(next, next + size);
      next += size;
    }
  }
}

}  // namespace

LogProbabilities score(const LoadedModel& loaded, std::span<const ScoringJob> jobs, const MicroBatchLimits& limits,
                       const TargetName& name) {
  const at::NoGradGuard no_graph;
  LogProbabilities results(jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    for (const Ids& target : jobs[i].targets) results[i].emplace_back(target.size());
  }
  std::vector<std::int64_t> lengths;
  for (const ScoringJob& job : jobs) lengths.push_back(static_cast<std::int64_t>(job.source.size()));
  const auto batches = batches_of_like_length(lengths, limits);
  for (std::size_t batch = 0; batch < batches.size(); ++batch) {
    if (!is_ours(batch, loaded.data())) continue;
    std::vector<Ids> sources;
    std::vector<Row> rows;
    for (const std::size_t i : batches[batch]) {
      for (std::size_t j = 0; j < jobs[i].targets.size(); ++j) {
        rows.push_back({static_cast<std::int64_t>(sources.size()), &jobs[i].targets[j], &results[i][j]});
      }
      sources.push_back(jobs[i].source);
    }
    const EncoderOutput encoded = encode(loaded, sources);
    const auto most = static_cast<std::size_t>(most_together(encoded.hidden.size(1), limits));
    for (std::size_t row = 0; row < rows.size(); row += most) {
      score_rows(loaded, encoded, std::span(rows).subspan(row, std::min(most, rows.size() - row)));
    }
  }
  share(results, loaded.data());
  for (std::size_t i = 0; i < results.size(); ++i) {
    for (std::size_t j = 0; j < results[i].size(); ++j) {
      for (const double value : results[i][j]) {
        require_finite(value, [&] { return fmt::format("{}: its log-probability", name(i, j)); });
      }
    }
  }
  return results;
}

namespace {

constexpr std::int32_t no_id = -1;  // where the likeliest logit is not finite

// The likeliest next id of each row, [B], or no_id: decoder input is the start id, then what has been generated.
std::vector<std::int64_t> next_ids(const LoadedModel& loaded, const EncoderOutput& encoded, std::vector<Ids> inputs) {
  const T5Config& config = loaded.config();
  for (Ids& ids : inputs) ids.insert(ids.begin(), static_cast<std::int32_t>(config.decoder_start_token_id));
  const at::Tensor ids = pad_ids(inputs, config.pad_token_id, loaded.device()).ids;           // [B,T], none padded
  const at::Tensor last = loaded.model().decode(ids, encoded, loaded.sites()).select(1, -1);  // [B,D]
  const at::Tensor logits = loaded.model().logits(last);                                      // [B,V]
  at::Tensor best = logits.argmax(1, /*keepdim=*/true);                                       // [B,1]; NaN comes first
  best.masked_fill_(logits.gather(1, best).isfinite().logical_not_(), no_id);
  best = best.to(at::Device(at::kCPU));
  return {best.const_data_ptr<std::int64_t>(), best.const_data_ptr<std::int64_t>() + best.numel()};
}

std::vector<Ids> generate_batch(const LoadedModel& loaded, std::span<const Ids> sources, std::int64_t most_new) {
  std::vector<Ids> results(sources.size());
  std::vector<std::size_t> open(sources.size());  // those that have not ended
  std::iota(open.begin(), open.end(), std::size_t{0});
  EncoderOutput encoded = encode(loaded, sources);  // one row an open one
  for (std::int64_t step = 0; step < most_new && !open.empty(); ++step) {
    std::vector<Ids> inputs;
    inputs.reserve(open.size());
    for (const std::size_t i : open) inputs.push_back(results[i]);
    const std::vector<std::int64_t> found = next_ids(loaded, encoded, std::move(inputs));
    std::vector<std::size_t> still_open;
    std::vector<std::int64_t> kept;
    for (std::size_t k = 0; k < open.size(); ++k) {
      results[open[k]].push_back(static_cast<std::int32_t>(found[k]));
      if (found[k] == loaded.config().eos_token_id || found[k] == no_id) continue;
      still_open.push_back(open[k]);
      kept.push_back(static_cast<std::int64_t>(k));
    }
    if (!kept.empty() && kept.size() < open.size()) encoded = rows_of(encoded, to_device(kept, loaded.device()));
    open = std::move(still_open);
  }
  return results;
}

}  // namespace

std::vector<Ids> generate_greedily(const LoadedModel& loaded, std::span<const Ids> sources,
                                   const MicroBatchLimits& limits, std::int64_t most_new, const SourceName& name) {
  const at::NoGradGuard no_graph;
  std::vector<Ids> results(sources.size());
  const auto batches = batches_of_like_length(lengths_of(sources), limits);
  for (std::size_t batch = 0; batch < batches.size(); ++batch) {
    if (!is_ours(batch, loaded.data())) continue;
    std::vector<Ids> batch_sources;
    for (const std::size_t i : batches[batch]) batch_sources.push_back(sources[i]);
    std::vector<Ids> generated = generate_batch(loaded, batch_sources, most_new);
    for (std::size_t k = 0; k < generated.size(); ++k) results[batches[batch][k]] = std::move(generated[k]);
  }
  share(results, loaded.data());
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].empty() || results[i].back() != no_id) continue;
    require_finite(std::nan(""),
                   [&] { return fmt::format("{}: the logit of generated id {}", name(i), results[i].size() - 1); });
  }
  return results;
}

}  // namespace prelude
