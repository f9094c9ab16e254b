#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/delta/soft_prompt.h"
#include "core/t5/model.h"
#include "core/text/tokenizer.h"
#include "launch/prompt_match.h"
#include "launch/ranks.h"
#include "launch/session.h"
#include "launch/weight_format.h"

namespace prelude {

// A frozen backbone with, or without, a prompt in front of it, ready to score.
class LoadedModel {
 public:
  // `prompt`: a PEFT folder, .npy or .pt; empty: none. `ranks` outlives it. `weight_format`: of
  // --weights. Throws UserError where the prompt has another width. The first rank warns on standard error where the
  // prompt was trained in front of another backbone; to know, the weights are hashed.
  static LoadedModel load(const std::string& backbone, const std::string& prompt, const Session& session,
                          const Ranks& ranks, const std::string& weight_format = weights_as_loaded);

  LoadedModel(Model model, std::unique_ptr<SoftPrompt> prompt, std::optional<Tokenizer> tokenizer, std::string folder,
              at::Device device, Communicator& data);

  const Model& model() const { return model_; }
  const T5Config& config() const { return model_.config(); }
  at::Device device() const { return device_; }
  // The delta's sites: the prompt's, or none.
  DeltaSites sites() const { return prompt_ ? DeltaSites(*prompt_) : DeltaSites(); }
  std::int64_t prompt_rows() const { return prompt_ ? prompt_->rows().size(0) : 0; }
  // The backbone's; nullptr where its folder has none.
  const Tokenizer* tokenizer() const { return tokenizer_ ? &*tokenizer_ : nullptr; }
  const std::string& folder() const { return folder_; }
  // Where the prompt comes from; no facts where none, or nothing, is known of it.
  const PromptOrigin& origin() const { return origin_; }
  // A PEFT folder that is not ours: without prelude.json.
  bool prompt_is_foreign() const { return foreign_; }
  // The ranks that share out what is to be computed; for CPU tensors and words.
  Communicator& data() const { return *data_; }

 private:
  Model model_;
  std::unique_ptr<SoftPrompt> prompt_;
  std::optional<Tokenizer> tokenizer_;
  std::string folder_;
  PromptOrigin origin_;
  bool foreign_ = false;
  at::Device device_;
  Communicator* data_;
};

}  // namespace prelude
