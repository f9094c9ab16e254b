#include "launch/commands/pretrain_inputs.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/delta/prompt_file.h"
#include "core/delta/prompt_init.h"
#include "core/error.h"
#include "core/io/checksum.h"
#include "dist/gathered_layers.h"
#include "launch/weight_format.h"
#include "tasks/pretext/make_pretext_task.h"

namespace prelude {
namespace {

Tokenizer tokenizer_of(const PretrainOptions& options, const Backbone& backbone) {
  require(!backbone.tokenizer_path.empty(), "--backbone: '{}' has no spiece.model; copy the model's own into it",
          options.backbone);
  return Tokenizer::load(backbone.tokenizer_path, backbone.config.vocab_size);
}

Backbone open_backbone(const PretrainOptions& options, const Session& session, const Ranks& ranks) {
  if (!gathers_layers(options)) {
    return load_backbone(options.backbone, session.device, session.dtype, ranks.tensor());
  }
  const Mesh& mesh = ranks.mesh();
  Backbone backbone = load_backbone(options.backbone, session.device, session.dtype, whole_model(),
                                    LayerShare{mesh.place.data_rank, mesh.place.data_size});
  gather_layers(backbone.config, backbone.weights, mesh.data->split(0, "layers"));
  return backbone;
}

// Pieces stand in the order of their frequency, so the first ones are the 5,000 most common that Lester et al. sample
// from (section 3.2).
std::vector<std::int32_t> common_pieces(const Tokenizer& tokenizer) {
  constexpr std::size_t most = 5000;
  std::vector<std::int32_t> special{tokenizer.pad(), tokenizer.end_of_sequence(), tokenizer.unknown()};
  for (int k = 0; k < tokenizer.sentinels(); ++k) special.push_back(tokenizer.sentinel(k));
  std::vector<std::int32_t> pieces;
  for (std::int32_t id = 0; id < tokenizer.size() && pieces.size() < most; ++id) {
    if (std::find(special.begin(), special.end(), id) == special.end()) pieces.push_back(id);
  }
  return pieces;
}

}  // namespace

PretrainInputs::PretrainInputs(const PretrainOptions& options, const Session& session, const Ranks& ranks)
    : PretrainInputs(options, open_backbone(options, session, ranks), ranks) {}

PretrainInputs::PretrainInputs(const PretrainOptions& options, Backbone backbone, const Ranks& ranks)
    : files_(backbone.files),
      model_(take_model(backbone, ranks.tensor())),
      tokenizer_(tokenizer_of(options, backbone)),
      corpus_(Corpus::open(options.corpus)),
      task_(make_pretext_task(options.task, corpus_, tokenizer_,
                              pretext_of(options, backbone.config.decoder_start_token_id))) {
  apply_weight_format(model_, options.weights);
}

std::string PretrainInputs::corpus_hash() const { return xxh3_128_of_file(corpus_.folder() + "/corpus.json"); }

at::Tensor initial_prompt(const PretrainOptions& options, const PretrainInputs& inputs) {
  const auto& config = inputs.model().config();
  const at::Tensor& embedding = inputs.model().weights().embedding;  // [V,D]
  const auto rows = options.prompt_length.value();
  if (!options.from.empty()) {
    const auto prompt = read_prompt(options.from);
    require_width(prompt, options.from, config.d_model, options.backbone);
    return prompt.rows;
  }
  RandomStream stream(options.seed, Purpose::prompt_init, 0);
  if (options.init == "text") {
    const auto ids = inputs.tokenizer().encode(options.init_text);
    require(!ids.empty(), "--init-text: '{}' has no tokens", options.init_text);
    return prompt_from_ids(embedding, rows, ids);
  }
  if (options.init == "labels") return prompt_from_ids(embedding, rows, inputs.task().label_ids());
  const double spread = embedding_spread(embedding);
  if (options.init == "normal") return prompt_normal(rows, config.d_model, spread, stream);
  if (options.init == "identical") return prompt_identical(rows, config.d_model, ppt_row_spread, stream);
  if (options.init == "uniform") return prompt_uniform(rows, config.d_model, std::sqrt(3.0) * spread, stream);
  return prompt_from_vocabulary(embedding, rows, common_pieces(inputs.tokenizer()), stream);
}

}  // namespace prelude
