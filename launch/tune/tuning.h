// A run of tuning on few examples: steps over a training set, and the state that is best on a dev set, or the last one.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/optim/schedule.h"
#include "dist/communicator.h"
#include "launch/experiment/cell.h"
#include "launch/experiment/measure.h"
#include "launch/tune/question_scores.h"
#include "launch/tune/tuned.h"
#include "tasks/downstream/task_form.h"
#include "tasks/micro_batch_cut.h"

namespace prelude {

struct TuningSettings {
  std::int64_t steps = 100;
  std::int64_t batch = 16;  // examples a step
  Schedule schedule;
  double clip = 1;
  std::int64_t evaluate_every = 6;  // steps; beside before the first and after the last
  Measure measure = Measure::accuracy;
  bool keep_last = false;  // the state after the last step, whatever the dev set says
  std::uint64_t seed = 1;  // of the order of the examples
  MicroBatchLimits limits;
};

struct TuningData {
  std::span<const Question> train;
  std::span<const Question> dev;
  std::size_t word_start = 2;  // where in a target the word begins
};

// How a run of tuning is watched.
struct TuningWatch {
  // Asked before every step; where any rank of a backbone says so, all stop after that step.
  std::function<bool()> stop = [] { return false; };
  // Told of every look at the dev examples; `kept`: this state is the one to keep so far.
  std::function<void(const DevPoint& point, bool kept)> evaluated = [](const DevPoint&, bool) {};
};

struct TuningEnd {
  bool finished = false;  // false: asked to stop, and nothing below counts
  std::vector<DevPoint> curve;
  // Of the state that is kept: of the best dev accuracy, of equals the one of the least dev loss, then the earliest; or
  // the last step.
  std::int64_t best_step = 0;
  Scores dev;  // there
};

// Leaves `tuned` in the state of best_step. Examples are drawn in one order, a permutation by the seed, that is gone
// through again and again: no remainder is dropped, as a step may end one pass and begin the next (PPT drops it). The
// loss is a label position's mean. `tensor`: the ranks that hold the backbone together, which are given the same and
// do the same. Throws UserError where a dev example's score is not finite, and where loss or gradient stays so or was
// so in every step.
TuningEnd tune(Tuned& tuned, const TuningSettings& settings, const TuningData& data, Communicator& tensor,
               at::Device device, const TuningWatch& watch);

}  // namespace prelude
