#include "launch/commands/export.h"

#include <ATen/ATen.h>

#include <cstdio>
#include <filesystem>

#include "core/delta/prompt_file.h"
#include "core/error.h"
#include "core/io/atomic_folder.h"
#include "core/io/output_file.h"
#include "core/io/output_folder.h"
#include "launch/standard_output.h"

namespace prelude {
namespace {

struct ExportOptions {
  std::string prompt;
  std::string output;
  double scale = 1;
};

void declare(OptionTable& table, ExportOptions& options) {
  table.add("prompt", options.prompt, "P", "A prompt: a PEFT folder, a .npy or a .pt file.").required();
  table.add("output", options.output, "X", "What to write: X.npy, X.pt (PPT's form), or a folder in PEFT's form.")
      .required();
  table.add("scale", options.scale, "S", "Every number times S; 0.01 goes to the space of PPT's prompts.");
}

int run(const ExportOptions& options) {
  Prompt prompt = read_prompt(options.prompt);
  if (options.scale != 1) {
    prompt.rows = scaled_rows(prompt.rows, options.scale);
    prompt.scale *= options.scale;
  }
  const std::string ending = std::filesystem::path(options.output).extension().string();
  const bool array = ending == ".npy" || ending == ".pt";
  std::error_code error;
  require(array || !std::filesystem::is_regular_file(options.output, error),
          "--output '{}' is a file of another kind; end it in .npy or .pt, or give a folder", options.output);
  if (array) {
    require_output_file(options.output, {"--output", {options.prompt}});
    write_prompt_array(options.output, prompt);
  } else {
    const OutputFolder folder(options.output, FolderKind::prompt);
    write_folder_atomically(options.output, [&](const std::string& fresh) { write_prompt_folder(fresh, prompt); });
  }
  for (const std::string& note : prompt.notes) print_out("note: {}\n", note);
  print_out("{}: {} x {}, float32\n", options.output, prompt.rows.size(0), prompt.rows.size(1));
  return exit_done;
}

}  // namespace

Command export_command() {
  return make_command<ExportOptions>("export", "a prompt as a PEFT folder, .npy or .pt", declare, run);
}

}  // namespace prelude
