#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/checkpoint/rank_checkpoint_folder.h"
#include "core/t5/model.h"
#include "core/t5/trained_weights.h"
#include "dist/sharded_optimizer.h"
#include "launch/lm/lm_inputs.h"
#include "launch/lm/lm_options.h"
#include "launch/ranks.h"
#include "launch/run_folder.h"
#include "launch/train/checkpoint_writer.h"
#include "launch/train/train_state.h"

namespace prelude {

// What a run of `prelude lm` is bound to: it goes on only with the same.
struct LmIdentity {
  std::string backbone;  // BackboneIdentity::text()
  std::string corpus_hash;
};

// The backbone that trains and its optimiser, on and off disk: every rank writes its own share.
class LmRun {
 public:
  // Starts from the weights of `inputs`, which it takes. All references outlive it. A collective.
  LmRun(const LmOptions& options, LmInputs& inputs, const RunFolder& folder, const LmIdentity& identity,
        const Ranks& ranks);

  Model& model() { return model_; }
  const Model& model() const { return model_; }
  const TrainedWeights& weights() const { return weights_; }
  Optimizer& optimizer() { return *optimizer_; }

  // Puts the state of now on disk while the run goes on; the first rank removes older checkpoints that are not needed.
  void save(const TrainState& state);
  // Returns when everything that this rank saved is durable. Throws what saving threw.
  void finish_saving() { writer_.finish(); }

  struct Restored {
    std::optional<TrainState> state;    // none: there was no whole checkpoint
    std::vector<std::string> warnings;  // a line for each checkpoint that is not whole, and for another revision
    bool lost = false;                  // there were checkpoints; without a state: none can be read
  };
  // Continues from the newest checkpoint that every rank can read, of whatever number of ranks. Throws UserError where
  // there are some and none can be read (unless --restart says to begin anew: they are then removed), or they are of a
  // run that started from something else. A collective.
  Restored restore();

  // Writes RUN/backbone, a folder in Hugging Face's layout that replaces the one that is there. A collective.
  void export_backbone() const;

 private:
  // Throws UserError where the checkpoint is of a run that started from something else.
  void check_identity(const RankCheckpoint& head) const;
  // Those that are finished, newest first; the others give warnings.
  std::vector<std::string> finished_checkpoints(Restored& restored) const;
  // False, with a warning, where a rank cannot read the checkpoint in `folder`. A collective.
  bool restore_from(const std::string& folder, Restored& restored);

  const LmOptions& options_;
  const RunFolder& folder_;
  const LmIdentity& identity_;
  const Ranks& ranks_;
  T5Config config_;
  std::string tokenizer_path_;
  TrainedWeights weights_;
  Model model_;
  std::unique_ptr<ShardedOptimizer> optimizer_;
  std::string attempt_;       // this start of the run, the same on all ranks
  KeptRankCheckpoints kept_;  // the first rank's; of the writer's thread where it writes
  CheckpointWriter writer_;
};

}  // namespace prelude
