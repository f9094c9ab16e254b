#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "core/checkpoint/checkpoint.h"
#include "core/delta/blind_end.h"
#include "core/delta/soft_prompt.h"
#include "core/optim/adamw.h"
#include "launch/commands/pretrain_inputs.h"
#include "launch/commands/pretrain_options.h"
#include "launch/commands/pretrain_resume.h"
#include "launch/run_folder.h"
#include "launch/train/checkpoint_writer.h"
#include "launch/train/train_state.h"

namespace prelude {

// What a pre-training run trains, on and off disk: every rank has the prompt and its optimiser, the first rank writes
// them.
class PretrainRun {
 public:
  // Starts from `from`, or from the first prompt that the options ask for. All references outlive it.
  PretrainRun(const PretrainOptions& options, const PretrainInputs& inputs, const RunFolder& folder,
              const RunIdentity& identity, const std::optional<Checkpoint>& from, at::Device device, bool writes);

  // The prompt, as it enters the backbone.
  Delta& delta() { return delta_; }
  AdamW& optimizer() { return optimizer_; }

  // Puts the state of now on disk while the run goes on; older checkpoints are removed once this one is durable.
  void save(const TrainState& state);
  // Returns when everything saved is durable. Throws what saving threw.
  void finish_saving() { writer_.finish(); }
  // The prompt as a PEFT folder: the newest, or the best so far.
  void write_prompt(const TrainState& state, bool best) const;

 private:
  const PretrainOptions& options_;
  const RunFolder& folder_;
  const RunIdentity& identity_;
  bool writes_;
  SoftPrompt prompt_;
  BlindEnd blind_end_;
  Delta& delta_;  // one of the two
  AdamW optimizer_;
  std::set<std::int64_t> whole_;  // steps of the checkpoints that this process read or wrote; the writer's thread's own
  CheckpointWriter writer_;
};

}  // namespace prelude
