#include "launch/predict/loaded_model.h"

#include <cstdio>
#include <filesystem>
#include <utility>

#include "core/delta/prompt_file.h"
#include "core/t5/load.h"
#include "launch/backbone_identity.h"

namespace prelude {

LoadedModel::LoadedModel(Model model, std::unique_ptr<SoftPrompt> prompt, std::optional<Tokenizer> tokenizer,
                         std::string folder, at::Device device, Communicator& data)
    : model_(std::move(model)),
      prompt_(std::move(prompt)),
      tokenizer_(std::move(tokenizer)),
      folder_(std::move(folder)),
      device_(device),
      data_(&data) {}

namespace {

// Hashes the weights, in all ranks of each host together, where the prompt says which it was trained in front of.
void warn_of_another(const std::string& folder, const Backbone& loaded, const PromptOrigin& origin,
                     const Ranks& ranks) {
  if (origin.fact("backbone_hash").empty()) return;
  const PromptUse use{folder, backbone_identity(folder, loaded.files, loaded.config, "", ranks.world()).weights, ""};
  for (const std::string& warning : prompt_warnings(origin, use)) {
    if (ranks.first()) std::fputs(fmt::format("warning: {}\n", warning).c_str(), stderr);
  }
}

}  // namespace

LoadedModel LoadedModel::load(const std::string& backbone, const std::string& prompt, const Session& session,
                              const Ranks& ranks, const std::string& weight_format) {
  std::optional<Prompt> read;
  if (!prompt.empty()) read = read_prompt(prompt);  // before the gigabytes: it may be the mistake
  Backbone loaded = load_backbone(backbone, session.device, session.dtype, ranks.tensor());
  std::unique_ptr<SoftPrompt> rows;
  if (read) {
    require_width(*read, prompt, loaded.config.d_model, backbone);
    rows = std::make_unique<SoftPrompt>(read->rows, session.device);
    for (const std::string& note : read->notes) {
      if (ranks.first()) std::fputs(fmt::format("note: '{}': {}\n", prompt, note).c_str(), stderr);
    }
    warn_of_another(backbone, loaded, {prompt, read->origin}, ranks);
  }
  std::optional<Tokenizer> tokenizer;
  if (!loaded.tokenizer_path.empty()) tokenizer = Tokenizer::load(loaded.tokenizer_path, loaded.config.vocab_size);
  Model model = take_model(loaded, ranks.tensor());
  apply_weight_format(model, weight_format);
  LoadedModel made{std::move(model), std::move(rows), std::move(tokenizer), backbone, session.device, ranks.data()};
  if (read) made.origin_ = {prompt, std::move(read->origin)};
  namespace fs = std::filesystem;
  made.foreign_ = fs::is_directory(prompt) && !fs::exists(fs::path(prompt) / "prelude.json");
  return made;
}

}  // namespace prelude
