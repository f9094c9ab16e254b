#include "launch/commands/backbone.h"

#include <cstdint>
#include <cstdio>
#include <string>

#include "core/error.h"
#include "core/io/atomic_folder.h"
#include "core/io/output_folder.h"
#include "core/t5/initialise.h"
#include "core/t5/load.h"
#include "core/text/tokenizer.h"

namespace prelude {
namespace {

struct BackboneOptions {
  std::string shape;
  std::string model_config;
  std::string tokenizer;
  std::string output;
  std::uint64_t seed = 1;
};

void declare(OptionTable& table, BackboneOptions& options) {
  table.add("shape", options.shape, "NAME", "tiny, t5-small, t5-base, t5-large, t5-xl or t5-xxl (T5 v1.1's shapes).");
  table.add("model-config", options.model_config, "FILE", "Instead of --shape: a config.json of the shape.");
  table
      .add("tokenizer", options.tokenizer, "PATH",
           "A SentencePiece model, a tokenizer.json, or a folder with either; its files go into the backbone's.")
      .required();
  table.add("output", options.output, "DIR", "The backbone folder to make.").required();
  table.add("seed", options.seed, "N", "Of the random weights.");
}

// A named shape takes vocabulary and special ids from the tokenizer; a config.json says its own, which must fit.
T5Config settle_config(const BackboneOptions& options, const Tokenizer& tokenizer) {
  require(options.shape.empty() != options.model_config.empty(), "give either --shape or --model-config");
  if (!options.model_config.empty()) {
    T5Config config = read_t5_config(options.model_config);
    require(tokenizer.size() <= config.vocab_size, "{}: vocab_size {} is less than the {} ids of {}",
            options.model_config, config.vocab_size, tokenizer.size(), options.tokenizer);
    config.tie_by_tensors = false;
    return config;
  }
  T5Config config = named_t5_config(options.shape);
  config.vocab_size = (tokenizer.size() + 63) / 64 * 64;  // 32,100 ids make T5's 32,128
  config.pad_token_id = tokenizer.pad();
  config.decoder_start_token_id = tokenizer.pad();
  config.eos_token_id = tokenizer.end_of_sequence();
  return config;
}

int run(const BackboneOptions& options) {
  const Tokenizer tokenizer = Tokenizer::load(options.tokenizer);
  const T5Config config = settle_config(options, tokenizer);
  const OutputFolder folder(options.output, FolderKind::backbone);
  const Weights weights = initialise_weights(config, options.seed, at::kCPU, at::kFloat);
  write_folder_atomically(options.output,
                          [&](const std::string& fresh) { save_backbone(fresh, config, weights, options.tokenizer); });
  std::fputs(fmt::format("{}: random backbone, never trained; {} layers + {}, width {}, vocabulary {}, {:.1f} MB\n",
                         options.output, config.num_layers, config.num_decoder_layers, config.d_model,
                         config.vocab_size, static_cast<double>(weights.bytes()) / 1e6)
                 .c_str(),
             stdout);
  return exit_done;
}

}  // namespace

Command backbone_create_command() {
  return make_command<BackboneOptions>("backbone create", "a randomly initialised backbone folder", declare, run);
}

}  // namespace prelude
