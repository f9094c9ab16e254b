#include "launch/lm/lm_inputs.h"

#include <utility>

#include "core/error.h"
#include "core/io/checksum.h"
#include "core/t5/initialise.h"
#include "core/t5/parallel_cost.h"
#include "tasks/pretext/lm_objective.h"

namespace prelude {
namespace {

Backbone open_backbone(const LmOptions& options, const Session& session, const Ranks& ranks) {
  if (options.init.empty()) return load_backbone(options.backbone, session.device, session.dtype, ranks.tensor());
  Backbone backbone;
  backbone.config = read_t5_config(options.init);
  backbone.config.tie_by_tensors = false;
  require_tensor_degree(backbone.config, ranks.tensor().size());
  const Weights whole = initialise_weights(backbone.config, options.seed, session.device, session.dtype);
  backbone.weights = slice_weights(backbone.config, whole, ranks.tensor());
  backbone.tokenizer_path = options.tokenizer;
  return backbone;
}

Tokenizer open_tokenizer(const LmOptions& options, const Backbone& backbone) {
  require(!backbone.tokenizer_path.empty(),
          "--backbone: '{}' has no spiece.model or tokenizer.json; copy the model's own into it", options.backbone);
  return Tokenizer::load(backbone.tokenizer_path, backbone.config.vocab_size);
}

LmObjectiveOptions objective_of(const LmOptions& options, const T5Config& config) {
  LmObjectiveOptions objective;
  objective.max_source = options.max_source;
  objective.noise = {options.noise_density, options.mean_span};
  objective.validation_fraction = options.validation_fraction;
  objective.start_id = static_cast<std::int32_t>(config.decoder_start_token_id);
  return objective;
}

}  // namespace

LmInputs::LmInputs(const LmOptions& options, const Session& session, const Ranks& ranks)
    : backbone_(open_backbone(options, session, ranks)),
      tokenizer_(open_tokenizer(options, backbone_)),
      corpus_(Corpus::open(options.corpus)),
      lengths_(lm_lengths(options.objective, objective_of(options, backbone_.config))),
      objective_(make_lm_objective(options.objective, corpus_, tokenizer_, objective_of(options, backbone_.config))) {}

std::string LmInputs::corpus_hash() const { return xxh3_128_of_file(corpus_.folder() + "/corpus.json"); }

BackboneIdentity LmInputs::backbone_identity(const LmOptions& options, const World& world) const {
  if (options.init.empty()) {
    return prelude::backbone_identity(options.backbone, backbone_.files, backbone_.config, tokenizer_.sha256(), world);
  }
  BackboneIdentity identity{xxh3_128_of_file(options.init), config_hash(backbone_.config),
                            tokenizer_hash(tokenizer_.sha256())};
  require_same_content(world, fmt::format("--init '{}'", options.init), identity.text());
  return identity;
}

TrainedWeights LmInputs::take_weights() { return TrainedWeights(backbone_.config, std::move(backbone_.weights)); }

}  // namespace prelude
