#include "launch/predict/loaded_model.h"

#include <utility>

#include "core/delta/prompt_file.h"
#include "core/t5/load.h"

namespace prelude {

LoadedModel::LoadedModel(Model model, std::unique_ptr<SoftPrompt> prompt, std::optional<Tokenizer> tokenizer,
                         std::string folder, at::Device device, Communicator& data)
    : model_(std::move(model)),
      prompt_(std::move(prompt)),
      tokenizer_(std::move(tokenizer)),
      folder_(std::move(folder)),
      device_(device),
      data_(&data) {}

LoadedModel LoadedModel::load(const std::string& backbone, const std::string& prompt, const Session& session,
                              const Ranks& ranks, const std::string& weight_format) {
  std::optional<Prompt> read;
  if (!prompt.empty()) read = read_prompt(prompt);  // before the gigabytes: it may be the mistake
  Backbone loaded = load_backbone(backbone, session.device, session.dtype, ranks.tensor());
  std::unique_ptr<SoftPrompt> rows;
  if (read) {
    require_width(*read, prompt, loaded.config.d_model, backbone);
    rows = std::make_unique<SoftPrompt>(read->rows, session.device);
  }
  std::optional<Tokenizer> tokenizer;
  if (!loaded.tokenizer_path.empty()) tokenizer = Tokenizer::load(loaded.tokenizer_path, loaded.config.vocab_size);
  Model model = take_model(loaded, ranks.tensor());
  apply_weight_format(model, weight_format);
  return {std::move(model), std::move(rows), std::move(tokenizer), backbone, session.device, ranks.data()};
}

}  // namespace prelude
