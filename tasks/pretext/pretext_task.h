// A pretext task: a pure function (corpus, random stream) -> Example. Sample i of a run is a function of (seed, i).
#pragma once

#include <cstdint>
#include <vector>

namespace prelude {

// One example as token ids, no prompt rows, no padding.
struct Example {
  std::vector<std::int32_t> source;  // encoder input
  std::vector<std::int32_t> target;  // start id first; decoder input = all but the last, labels = all but the first
  std::int32_t label = -1;           // the class or option index that is right
  std::int32_t options = 0;          // how many classes it offers, the first ones; 0: all of the task's
  std::int64_t sample = -1;          // its number in the run, where a loader made it
  std::int64_t anchor = -1;          // the sentence (counted over the corpus) it was made around
};

class PretextTask {
 public:
  virtual ~PretextTask() = default;
  PretextTask() = default;
  PretextTask(const PretextTask&) = delete;
  PretextTask& operator=(const PretextTask&) = delete;

  // Sample `index` of the training stream of `seed`. Const, safe from several threads, needs no earlier sample.
  virtual Example training_sample(std::uint64_t seed, std::uint64_t index) const = 0;
  // Sample `index` of the validation stream: held-out documents, the same for every run of this corpus and task.
  virtual Example validation_sample(std::uint64_t index) const = 0;
  // Examples that the training and validation documents can anchor; both > 0 (checked at construction).
  virtual std::uint64_t training_anchors() const = 0;
  virtual std::uint64_t validation_anchors() const = 0;
  // The ids that answer, one a class or option (NSP: no, maybe, yes), in class order.
  virtual const std::vector<std::int32_t>& label_ids() const = 0;
};

}  // namespace prelude
