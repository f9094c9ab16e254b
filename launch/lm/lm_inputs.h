#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/t5/config.h"
#include "core/t5/load.h"
#include "core/t5/trained_weights.h"
#include "core/text/tokenizer.h"
#include "launch/backbone_identity.h"
#include "launch/lm/lm_options.h"
#include "launch/ranks.h"
#include "launch/session.h"
#include "tasks/corpus/corpus.h"
#include "tasks/pretext/lm_objective.h"

namespace prelude {

// What a run that trains a backbone begins with, opened and checked against each other.
class LmInputs {
 public:
  // Throws UserError for what is missing or does not fit.
  LmInputs(const LmOptions& options, const Session& session, const Ranks& ranks);

  const T5Config& config() const { return backbone_.config; }
  const Tokenizer& tokenizer() const { return tokenizer_; }
  const std::string& tokenizer_path() const { return backbone_.tokenizer_path; }
  const Corpus& corpus() const { return corpus_; }
  const PretextTask& objective() const { return *objective_; }
  const LmLengths& lengths() const { return lengths_; }  // of its examples
  std::string corpus_hash() const;                       // of the manifest, which holds the shards' checksums
  // Of the backbone that the run goes on from; of config.json where its weights are random. Throws UserError where
  // hosts have different ones.
  BackboneIdentity backbone_identity(const LmOptions& options, const World& world) const;
  // This rank's slices of the first weights, which it takes out.
  TrainedWeights take_weights();

 private:
  Backbone backbone_;
  Tokenizer tokenizer_;
  Corpus corpus_;
  LmLengths lengths_;
  std::unique_ptr<PretextTask> objective_;
};

}  // namespace prelude
