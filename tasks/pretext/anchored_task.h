// What the pretext tasks share: sample i is made around sentence i of a shuffled order of the sentences.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/random/random_stream.h"
#include "tasks/corpus/corpus.h"
#include "tasks/pretext/answer.h"
#include "tasks/pretext/document_split.h"
#include "tasks/pretext/pretext_options.h"
#include "tasks/pretext/pretext_task.h"

namespace prelude {

class AnchoredTask : public PretextTask {
 public:
  Example training_sample(std::uint64_t seed, std::uint64_t index) const final;
  Example validation_sample(std::uint64_t index) const final;
  std::uint64_t training_anchors() const final;
  std::uint64_t validation_anchors() const final;
  const std::vector<std::int32_t>& label_ids() const final { return answer_.label_ids(); }

 protected:
  // The corpus outlives the task.
  AnchoredTask(std::string name, const Corpus& corpus, const PretextOptions& options, Answer answer);

  // Where a sample is being made.
  struct Place {
    const CorpusPart& part;
    std::uint64_t seed;
    std::int64_t anchor;  // sentence
    std::int32_t choice;  // of draw_choice
  };

  // What stays when an anchor does not serve and another is drawn, so that redraws do not bend its distribution: a
  // class, or a number of options.
  virtual std::int32_t draw_choice(RandomStream& stream) const = 0;
  // The example around place.anchor, or nothing where that sentence cannot serve. Leaves `anchor` to the caller.
  virtual std::optional<Example> make(const Place& place, RandomStream& stream) const = 0;

  const std::string& name() const { return name_; }
  const Corpus& corpus() const { return corpus_; }
  const DocumentSplit& split() const { return split_; }
  const Answer& answer() const { return answer_; }
  // Source ids that fit beside the prompt.
  std::int64_t room() const { return room_; }
  // Throws UserError unless the room holds `least` ids.
  void require_room(std::int64_t least) const;

 private:
  Example sample(const CorpusPart& part, std::uint64_t seed, std::uint64_t index, Purpose purpose) const;

  std::string name_;
  const Corpus& corpus_;
  DocumentSplit split_;
  Answer answer_;
  std::int64_t max_source_;
  std::int64_t room_;
};

}  // namespace prelude
