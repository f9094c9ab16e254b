#pragma once

#include <memory>
#include <string>

#include "core/t5/load.h"
#include "core/t5/model.h"
#include "core/text/tokenizer.h"
#include "launch/backbone_identity.h"
#include "launch/commands/pretrain_options.h"
#include "launch/session.h"
#include "tasks/corpus/corpus.h"
#include "tasks/pretext/pretext_task.h"

namespace prelude {

// What a pre-training run reads, opened and checked against each other: the corpus was made with the backbone's
// tokenizer, and the task finds its examples and label words.
class PretrainInputs {
 public:
  // Throws UserError for what is missing or does not fit.
  PretrainInputs(const PretrainOptions& options, const Session& session, const Ranks& ranks);

  const Model& model() const { return model_; }
  void recompute_layers() { model_.recompute_layers(); }
  const Tokenizer& tokenizer() const { return tokenizer_; }
  const Corpus& corpus() const { return corpus_; }
  const PretextTask& task() const { return *task_; }

  // Of the backbone in `folder`, which was opened here. A collective.
  BackboneIdentity backbone_identity(const std::string& folder, const World& world) const {
    return prelude::backbone_identity(folder, files_, model_.config(), tokenizer_.sha256(), world);
  }
  // Of the corpus's manifest, which holds its shards' checksums.
  std::string corpus_hash() const;
  // Of the slices as they are held here, to see that nothing was written.
  std::string local_hash() const { return hash_weights(model_.config(), model_.weights()); }

 private:
  PretrainInputs(const PretrainOptions& options, Backbone backbone, const Ranks& ranks);

  std::vector<SafetensorsFile> files_;
  Model model_;
  Tokenizer tokenizer_;
  Corpus corpus_;
  std::unique_ptr<PretextTask> task_;
};

// The prompt that a new run starts from, [P,D] float32 on the CPU: --from, or --init.
at::Tensor initial_prompt(const PretrainOptions& options, const PretrainInputs& inputs);

}  // namespace prelude
