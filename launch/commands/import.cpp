#include "launch/commands/import.h"

#include <ATen/ATen.h>

#include <cstdio>
#include <filesystem>

#include "core/delta/prompt_file.h"
#include "core/error.h"
#include "core/io/atomic_folder.h"
#include "core/io/checksum.h"
#include "core/io/output_folder.h"
#include "core/t5/config.h"
#include "core/t5/identity.h"
#include "core/t5/load.h"
#include "launch/prompt_match.h"
#include "launch/standard_output.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

struct ImportOptions {
  std::string input;
  std::string output;
  double scale = 1;
  std::string backbone;
  bool allow_rounding = false;
};

void declare(OptionTable& table, ImportOptions& options) {
  table.add("input", options.input, "P", "A prompt: a PEFT folder, a .npy or a .pt file (PPT's form).").required();
  table.add("output", options.output, "DIR", "The PEFT folder to write.").required();
  table.add("scale", options.scale, "S",
            "Every number times S, rounded to float32 once; 100 for PPT's prompts, whose space is 1/100 of T5's.");
  table.add("backbone", options.backbone, "DIR",
            "The backbone that it belongs to: its width is checked, its name kept.");
  table.add("allow-rounding", options.allow_rounding, "",
            "Take float64 numbers that float32 does not hold exactly; without it they are refused.");
}

// Of the backbone in `folder`, where there are weights and the prompt says which it was trained in front of.
std::string weights_hash(const PromptOrigin& origin, const std::string& folder) {
  const bool has_weights =
      fs::exists(folder + "/model.safetensors") || fs::exists(folder + "/model.safetensors.index.json");
  if (!has_weights || origin.fact("backbone_hash").empty()) return {};
  const Backbone backbone = load_backbone(folder, at::kCPU, at::kFloat);
  return identity_of(piece_hashes(backbone.files, backbone.config));
}

int run(const ImportOptions& options) {
  Prompt prompt = read_prompt(options.input, {options.scale, options.allow_rounding});
  if (!options.backbone.empty()) {
    const T5Config config = read_t5_config(options.backbone + "/config.json");
    require_width(prompt, options.input, config.d_model, options.backbone);
    prompt.base_model = options.backbone;
    const PromptOrigin origin{options.input, prompt.origin};
    for (const auto& warning : prompt_warnings(origin, {options.backbone, weights_hash(origin, options.backbone), ""}))
      fmt::print(stderr, "warning: {}\n", warning);
  }
  prompt.origin["imported_from"] = options.input;
  if (fs::is_regular_file(options.input)) prompt.origin["imported_sha256"] = sha256_of_file(options.input);
  const OutputFolder folder(options.output, FolderKind::prompt);
  write_folder_atomically(options.output, [&](const std::string& fresh) { write_prompt_folder(fresh, prompt); });
  for (const std::string& note : prompt.notes) print_out("note: {}\n", note);
  print_out("{}: {} x {}, float32\n", options.output, prompt.rows.size(0), prompt.rows.size(1));
  return exit_done;
}

}  // namespace

Command import_command() {
  return make_command<ImportOptions>("import", "a prompt of PEFT, NumPy or PPT into a PEFT folder", declare, run);
}

}  // namespace prelude
