#include "launch/tune/tuning.h"

#include <ATen/ATen.h>

#include <utility>

#include "core/error.h"
#include "core/random/permutation.h"
#include "dist/mesh.h"
#include "dist/self_communicator.h"
#include "launch/train/micro_batches.h"
#include "launch/train/step_sums.h"
#include "launch/train/train_step.h"
#include "launch/train/update_counts.h"
#include "tasks/loader.h"

namespace prelude {
namespace {

// The ranks of one copy of the backbone, and no other. `tensor` outlives it.
Mesh mesh_of(Communicator& tensor) {
  const std::shared_ptr<Communicator> not_owned(std::shared_ptr<Communicator>(), &tensor);
  return {{0, 1, tensor.rank(), tensor.size()}, &tensor, std::make_shared<SelfCommunicator>(), not_owned};
}

// Micro-batches of the examples that a step takes.
class StepQuestions {
 public:
  StepQuestions(std::span<const Question> questions, const TuningSettings& settings, const T5Config& config,
                at::Device device)
      : questions_(questions),
        order_(questions.size(), settings.seed, /*epoch=*/0),
        settings_(settings),
        config_(config),
        device_(device) {}

  std::vector<Batch> of_step(std::int64_t step) const {
    std::vector<Example> drawn;
    for (std::int64_t k = 0; k < settings_.batch; ++k) {
      const std::int64_t sample = step * settings_.batch + k;
      const Question& question = questions_[order_(static_cast<std::uint64_t>(sample) % questions_.size())];
      Example& example = drawn.emplace_back();
      example.source = question.source;
      example.target = question.targets.at(static_cast<std::size_t>(question.label));
      example.sample = sample;
    }
    return make_micro_batches(cut_by_length(std::move(drawn), settings_.limits), config_, device_);
  }

 private:
  std::span<const Question> questions_;
  Permutation order_;
  const TuningSettings& settings_;
  const T5Config& config_;
  at::Device device_;
};

// The state to keep so far: the best on the dev set, or the latest.
class KeptState {
 public:
  KeptState(Tuned& tuned, const TuningSettings& settings, const TuningData& data, at::Device device, TuningEnd& end)
      : tuned_(tuned), settings_(settings), data_(data), device_(device), end_(end) {}

  // Whether the state of `step` is the one to keep so far. `cause`: why a score would not be finite.
  bool evaluate(std::int64_t step, NotFiniteCause cause) {
    const auto scores =
        score_questions(tuned_.model(), tuned_.sites(), data_.dev, data_.word_start, settings_.limits, device_);
    const Scores dev = summarise(data_.dev, scores, cause);
    const double accuracy = measured(dev, settings_.measure);
    end_.curve.push_back({step, accuracy, dev.loss});
    const double best = kept_.defined() ? measured(end_.dev, settings_.measure) : -1;
    const bool better = accuracy > best || (accuracy == best && dev.loss < end_.dev.loss);
    if (!better && !settings_.keep_last) return false;
    end_.best_step = step;
    end_.dev = dev;
    kept_ = tuned_.flat().clone();
    return true;
  }
  void restore() const {
    const at::NoGradGuard no_graph;
    tuned_.flat().copy_(kept_);
  }

 private:
  Tuned& tuned_;
  const TuningSettings& settings_;
  const TuningData& data_;
  at::Device device_;
  TuningEnd& end_;
  at::Tensor kept_;  // [N]
};

}  // namespace

TuningEnd tune(Tuned& tuned, const TuningSettings& settings, const TuningData& data, Communicator& tensor,
               at::Device device, const TuningWatch& watch) {
  const Mesh mesh = mesh_of(tensor);
  const StepQuestions questions(data.train, settings, tuned.model().config(), device);
  StepSums sums(tuned.gradient(), mesh, Reduction::fast, settings.batch);
  TuningEnd end;
  KeptState kept(tuned, settings, data, device, end);
  UpdateCounts counts;
  for (std::int64_t step = 0; step <= settings.steps; ++step) {
    const bool last = step == settings.steps;
    if (last || step % settings.evaluate_every == 0) {
      const bool keep = kept.evaluate(step, counts.cause());
      watch.evaluated(end.curve.back(), keep);
    }
    if (last) break;
    if (watch.stop()) sums.vote_to_stop();
    const std::vector<Batch> batches = questions.of_step(step);
    const StepResult result = train_step(tuned.micro_batch(), sums, tuned.optimizer(), batches, settings.clip,
                                         learning_rate(settings.schedule, step));
    if (result.stop) return end;
    counts.add(!result.finite());
    require_updates(counts, result, step + 1 == settings.steps);
  }
  kept.restore();
  end.finished = true;
  return end;
}

}  // namespace prelude
