#include "launch/tune/question_scores.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "core/error.h"
#include "launch/predict/length_batches.h"
#include "launch/predict/padded_ids.h"
#include "tasks/metrics.h"

namespace prelude {
namespace {

// A target whose ids but the last are a group's decoder input.
struct Wanted {
  std::int64_t row;  // of the batch
  std::size_t question;
  std::size_t target;
};

// Targets that differ in their last id alone are read off one decoder run. Two of one row are.
using Groups = std::map<Ids, std::vector<Wanted>>;

Groups group_targets(std::span<const Question> questions, const std::vector<std::size_t>& batch) {
  Groups groups;
  for (std::size_t row = 0; row < batch.size(); ++row) {
    const Question& question = questions[batch[row]];
    for (std::size_t target = 0; target < question.targets.size(); ++target) {
      const Ids& ids = question.targets[target];
      ensure(ids.size() >= 2, "a target of {} ids", ids.size());
      groups[Ids(ids.begin(), ids.end() - 1)].push_back({static_cast<std::int64_t>(row), batch[row], target});
    }
  }
  return groups;
}

at::Tensor to_device(const std::vector<std::int64_t>& values, at::Device device) {
  return at::tensor(values, at::kLong).to(device);
}

// Rows of the batch that a group has, each once, and where each wanted target's row stands among them.
std::vector<std::int64_t> distinct_rows(const std::vector<Wanted>& group, std::vector<std::int64_t>& places) {
  std::vector<std::int64_t> rows;
  for (const Wanted& wanted : group) {
    if (rows.empty() || rows.back() != wanted.row) rows.push_back(wanted.row);
    places.push_back(static_cast<std::int64_t>(rows.size()) - 1);
  }
  return rows;
}

class BatchScorer {
 public:
  BatchScorer(const Model& model, const DeltaSites& sites, std::span<const Question> questions, std::size_t word_start,
              at::Device device, std::span<const std::int64_t> task_ids, std::vector<QuestionScore>& scores)
      : model_(model),
        sites_(sites),
        questions_(questions),
        word_(static_cast<std::int64_t>(word_start)),
        device_(device),
        task_ids_(task_ids),
        scores_(scores) {}

  void score(const std::vector<std::size_t>& batch) {
    std::vector<Ids> sources;
    sources.reserve(batch.size());
    for (const std::size_t i : batch) sources.push_back(questions_[i].source);
    const PaddedIds padded = pad_ids(sources, model_.config().pad_token_id, device_);
    const EncoderOutput encoded = model_.encode(padded.ids, padded.lengths, sites_of(batch));
    for (const auto& [prefix, group] : group_targets(questions_, batch)) {
      score_group(encoded, prefix, group);
    }
  }

 private:
  DeltaSites sites_of(const std::vector<std::size_t>& batch) const {
    if (task_ids_.empty()) return sites_;
    std::vector<std::int64_t> ids;
    ids.reserve(batch.size());
    for (const std::size_t i : batch) ids.push_back(task_ids_[i]);
    return DeltaSites(sites_.delta(), to_device(ids, device_));
  }

  void score_group(const EncoderOutput& encoded, const Ids& prefix, const std::vector<Wanted>& group) {
    std::vector<std::int64_t> places;
    const std::vector<std::int64_t> rows = distinct_rows(group, places);
    const at::Tensor row_index = to_device(rows, device_);
    const bool all = static_cast<std::int64_t>(rows.size()) == encoded.hidden.size(0);
    const EncoderOutput chosen = all ? encoded
                                     : EncoderOutput{encoded.hidden.index_select(0, row_index),
                                                     encoded.lengths.index_select(0, row_index), encoded.full};
    const auto length = static_cast<std::int64_t>(prefix.size());
    const at::Tensor decoder_ids = to_device({prefix.begin(), prefix.end()}, device_)
                                       .expand({static_cast<std::int64_t>(rows.size()), length})
                                       .contiguous();  // [n,T]
    std::vector<std::size_t> questions;                // of the rows
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (questions.size() == static_cast<std::size_t>(places[i])) questions.push_back(group[i].question);
    }
    at::Tensor logits = model_.logits(model_.decode(decoder_ids, chosen, sites_of(questions)));  // [n,T,V]
    if (logits.scalar_type() != at::kDouble) logits = logits.to(at::kFloat);
    read(logits, places, group);
  }

  // Of every wanted target: the log-probability of each of its ids but the first, and whether it is the likeliest.
  void read(const at::Tensor& logits, const std::vector<std::int64_t>& places, const std::vector<Wanted>& group) {
    std::vector<std::int64_t> labels;
    for (const Wanted& wanted : group) {
      const Ids& target = questions_[wanted.question].targets[wanted.target];
      labels.insert(labels.end(), target.begin() + 1, target.end());
    }
    const std::int64_t length = logits.size(1);
    const auto count = static_cast<std::int64_t>(group.size());
    const at::Tensor label = to_device(labels, device_).view({count, length, 1});       // [g,T,1]
    const at::Tensor from = to_device(places, device_);                                 // [g]
    const at::Tensor norm = logits.logsumexp(2);                                        // [n,T]
    const at::Tensor best = logits.argmax(2);                                           // [n,T]
    const at::Tensor rows = from.view({count, 1}).expand({count, length});              // [g,T]
    const at::Tensor positions = at::arange(length, rows.options()).view({1, length});  // [1,T]
    const at::Tensor picked = logits.index({rows, positions, label.squeeze(2)});        // [g,T]
    const at::Tensor log = (picked - norm.index_select(0, from)).to(at::Device(at::kCPU), at::kDouble).contiguous();
    const at::Tensor top = best.index_select(0, from).eq(label.squeeze(2)).to(at::Device(at::kCPU)).contiguous();
    for (std::int64_t i = 0; i < count; ++i) {
      put(group[static_cast<std::size_t>(i)], log.const_data_ptr<double>() + i * length,
          top.const_data_ptr<bool>() + i * length, length);
    }
  }

  // Position t is the label that follows decoder input t, hence id t + 1 of the target.
  void put(const Wanted& wanted, const double* log, const bool* top, std::int64_t length) {
    QuestionScore& score = scores_[wanted.question];
    score.log_probabilities.resize(questions_[wanted.question].targets.size());
    double word = 0;
    bool likeliest = true;
    for (std::int64_t t = word_ - 1; t < length; ++t) {
      word += log[t];
      likeliest = likeliest && top[t];
    }
    score.log_probabilities[wanted.target] = word;
    if (static_cast<std::int32_t>(wanted.target) != questions_[wanted.question].label) return;
    score.likeliest = likeliest;
    score.label_tokens = length;
    for (std::int64_t t = 0; t < length; ++t) score.loss_sum -= log[t];
  }

  const Model& model_;
  const DeltaSites& sites_;
  std::span<const Question> questions_;
  std::int64_t word_;
  at::Device device_;
  std::span<const std::int64_t> task_ids_;
  std::vector<QuestionScore>& scores_;
};

}  // namespace

std::vector<QuestionScore> score_questions(const Model& model, const DeltaSites& sites,
                                           std::span<const Question> questions, std::size_t word_start,
                                           const MicroBatchLimits& limits, at::Device device,
                                           std::span<const std::int64_t> task_ids) {
  const at::NoGradGuard no_graph;
  std::vector<std::int64_t> lengths;
  lengths.reserve(questions.size());
  for (const Question& question : questions) lengths.push_back(static_cast<std::int64_t>(question.source.size()));
  std::vector<QuestionScore> scores(questions.size());
  BatchScorer scorer(model, sites, questions, word_start, device, task_ids, scores);
  for (const auto& batch : batches_of_like_length(lengths, limits)) scorer.score(batch);
  return scores;
}

void require_finite_scores(const Question& question, const QuestionScore& score, NotFiniteCause cause) {
  for (std::size_t c = 0; c < score.log_probabilities.size(); ++c) {
    require_finite(
        score.log_probabilities[c], [&] { return fmt::format("{}: the score of answer {}", question.place, c); },
        cause);
  }
  require_finite(
      score.loss_sum, [&] { return fmt::format("{}: the loss", question.place); }, cause);
}

Scores summarise(std::span<const Question> questions, std::span<const QuestionScore> scores, NotFiniteCause cause) {
  Confusion confusion;
  std::int64_t likeliest = 0;
  std::int64_t tokens = 0;
  std::int64_t classes = 0;
  double loss = 0;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    require_finite_scores(questions[i], scores[i], cause);
    const auto& log = scores[i].log_probabilities;
    confusion.add(questions[i].label, std::max_element(log.begin(), log.end()) - log.begin());
    likeliest += scores[i].likeliest ? 1 : 0;
    loss += scores[i].loss_sum;
    tokens += scores[i].label_tokens;
    classes = std::max(classes, static_cast<std::int64_t>(log.size()));
  }
  Scores summary;
  summary.examples = static_cast<std::int64_t>(questions.size());
  summary.vocabulary_accuracy = static_cast<double>(likeliest) / static_cast<double>(summary.examples);
  summary.accuracy = confusion.accuracy();
  summary.macro_f1 = confusion.macro_f1();
  summary.loss = loss / static_cast<double>(tokens);
  summary.confusion = confusion.table(classes);
  return summary;
}

}  // namespace prelude
