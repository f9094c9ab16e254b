#include "launch/commands/pretrain_inputs.h"

#include <ATen/ATen.h>

#include <utility>

#include "core/delta/prompt_file.h"
#include "core/error.h"
#include "core/io/checksum.h"
#include "dist/gathered_layers.h"
#include "launch/first_prompt.h"
#include "launch/weight_format.h"
#include "tasks/pretext/make_pretext_task.h"

namespace prelude {
namespace {

Tokenizer tokenizer_of(const PretrainOptions& options, const Backbone& backbone) {
  require(!backbone.tokenizer_path.empty(),
          "--backbone: '{}' has no spiece.model or tokenizer.json; copy the model's own into it", options.backbone);
  return Tokenizer::load(backbone.tokenizer_path, backbone.config.vocab_size);
}

Backbone open_backbone(const PretrainOptions& options, const Session& session, const Ranks& ranks) {
  if (!gathers_layers(options)) {
    return load_backbone(options.backbone, session.device, session.dtype, ranks.tensor());
  }
  const Mesh& mesh = ranks.mesh();
  Backbone backbone = load_backbone(options.backbone, session.device, session.dtype, whole_model(),
                                    LayerShare{mesh.place.data_rank, mesh.place.data_size});
  gather_layers(backbone.config, backbone.weights, mesh.data->split(mesh.place.tensor_rank, "layers"));
  return backbone;
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
  return first_prompt({options.init, options.init_text, rows, options.seed}, embedding, inputs.tokenizer(),
                      inputs.task().label_ids());
}

}  // namespace prelude
