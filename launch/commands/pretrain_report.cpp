#include "launch/commands/pretrain_report.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "core/t5/parallel_cost.h"
#include "launch/standard_output.h"
#include "launch/telemetry/run_telemetry.h"

namespace prelude {

std::string describe(const PretrainInputs& inputs) {
  const auto& config = inputs.model().config();
  const std::int64_t elements = resident_weights(config, 1).resident();  // whole, whatever a rank holds of it
  const auto element_bytes = static_cast<std::int64_t>(inputs.model().weights().embedding.element_size());
  return fmt::format(
      "backbone: {} + {} layers, width {}, {:.1f} MB frozen; corpus: {} documents, {} sentences, {} tokens; {} "
      "training "
      "and {} validation anchors",
      config.num_layers, config.num_decoder_layers, config.d_model, static_cast<double>(elements * element_bytes) / 1e6,
      inputs.corpus().documents(), inputs.corpus().sentences(), inputs.corpus().tokens(),
      inputs.task().training_anchors(), inputs.task().validation_anchors());
}

void print_report(const PretrainOptions& options, const RunFolder& folder, const std::string& headline) {
  const auto summary = summarise(folder.metrics());
  std::string text = headline + "\n";
  if (summary.averaged_steps > 0) {
    text += fmt::format("  training loss    {:.4f} -> {:.4f} (means of the first and last {} steps)\n",
                        summary.first_loss, summary.last_loss, summary.averaged_steps);
  }
  if (summary.first_validation && summary.best_validation) {
    text += fmt::format("  validation loss  {:.4f} -> {:.4f} (best {:.4f} at step {})\n", *summary.first_validation,
                        *summary.last_validation, *summary.best_validation, summary.best_step);
    if (summary.first_accuracy)
      text += fmt::format("  accuracy         {:.3f} -> {:.3f} (label words only, held-out documents)\n",
                          *summary.first_accuracy, *summary.last_accuracy);
  }
  const bool best = std::filesystem::exists(folder.best_prompt());
  text += fmt::format("  prompt           {} (newest)\n", folder.prompt());
  if (best) text += fmt::format("                   {} (lowest validation loss)\n", folder.best_prompt());
  text += fmt::format("  curves           {} and TensorBoard events beside it\n", folder.metrics());
  const auto prompt = best ? folder.best_prompt() : folder.prompt();
  text += fmt::format(
      "Next: use the prompt on your own lines,\n"
      "  prelude predict --backbone {0} --prompt {1} --input FILE.jsonl --output answers.jsonl\n"
      "or load it in Python: peft.PeftModel.from_pretrained(model, \"{1}\").\n",
      options.backbone, prompt);
  write_out(text);
}

}  // namespace prelude
