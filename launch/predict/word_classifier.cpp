#include "launch/predict/word_classifier.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "launch/predict/length_batches.h"
#include "launch/predict/padded_ids.h"

namespace prelude {
namespace {

// One batch -> [B,C] float64 on the CPU.
at::Tensor probabilities_of(const LoadedModel& loaded, std::span<const Ids> sources, const WordQuestion& question) {
  const at::Device device = loaded.device();
  const Model& model = loaded.model();
  const PaddedIds padded = pad_ids(sources, loaded.config().pad_token_id, device);
  const EncoderOutput encoded = model.encode(padded.ids, padded.lengths, loaded.sites());
  const auto rows = static_cast<std::int64_t>(sources.size());
  const std::vector<std::int64_t> lead(question.decoder_ids.begin(), question.decoder_ids.end());
  const at::Tensor decoder_ids =
      at::tensor(lead, at::kLong).to(device).expand({rows, static_cast<std::int64_t>(lead.size())});      // [B,T]
  const at::Tensor last = model.decode(decoder_ids.contiguous(), encoded, loaded.sites()).select(1, -1);  // [B,D]
  const std::vector<std::int64_t> words(question.word_ids.begin(), question.word_ids.end());
  const at::Tensor logits = model.logits(last).index_select(1, at::tensor(words, at::kLong).to(device));  // [B,C]
  return logits.to(at::Device(at::kCPU)).to(at::kDouble).softmax(1);
}

}  // namespace

std::optional<ClassProbabilities> class_probabilities(const LoadedModel& loaded, std::span<const Ids> sources,
                                                      const WordQuestion& question, const MicroBatchLimits& limits,
                                                      const std::function<bool(std::size_t)>& stop) {
  const at::NoGradGuard no_graph;
  const auto batches = batches_of_like_length(lengths_of(sources), limits);
  const auto round = static_cast<std::size_t>(loaded.data().size());
  const auto classes = static_cast<std::int64_t>(question.word_ids.size());
  at::Tensor table = at::zeros({static_cast<std::int64_t>(sources.size()), classes}, at::kDouble);  // [N,C]
  std::size_t done = 0;
  for (std::size_t batch = 0; batch < batches.size(); ++batch) {
    done += batches[batch].size();
    if (is_ours(batch, loaded.data())) {
      std::vector<Ids> together;
      for (const std::size_t i : batches[batch]) together.push_back(sources[i]);
      const at::Tensor found = probabilities_of(loaded, together, question).contiguous();  // [B,C]
      const double* row = found.const_data_ptr<double>();
      for (const std::size_t i : batches[batch]) {
        std::copy_n(row, classes, table.mutable_data_ptr<double>() + static_cast<std::int64_t>(i) * classes);
        row += classes;
      }
    }
    const bool round_ends = (batch + 1) % round == 0 || batch + 1 == batches.size();
    if (round_ends && stop && stop(done)) return {};
  }
  loaded.data().all_reduce_sum(table);
  ClassProbabilities all;
  const double* next = table.const_data_ptr<double>();
  for (std::size_t i = 0; i < sources.size(); ++i, next += classes) all.emplace_back(next, next + classes);
  return all;
}

}  // namespace prelude
