#include "launch/lm/lm_options.h"

#include <algorithm>

#include "core/error.h"
#include "launch/micro_tokens.h"
#include "launch/resume_rules.h"
#include "launch/schedule_options.h"
#include "tasks/pretext/lm_objective.h"

namespace prelude {
namespace {

constexpr double most_steps = 1e9;
constexpr double largest_batch = 1 << 20;

void declare_what(OptionTable& table, LmOptions& options) {
  table.add("backbone", options.backbone, "DIR", "Backbone folder to go on from, in Hugging Face's layout.");
  table.add("init", options.init, "FILE", "Instead of --backbone: a config.json; its weights are drawn at random.");
  table.add("tokenizer", options.tokenizer, "PATH",
            "With --init: the tokenizer, a SentencePiece model, a tokenizer.json or a folder.");
  table
      .add("corpus", options.corpus, "DIR", "Corpus folder, from `prelude corpus build` with the backbone's tokenizer.")
      .required();
  table.add("output", options.output, "RUN", "Run folder. Run again on the same folder, it goes on where it stopped.")
      .required();
  table
      .add("objective", options.objective, "",
           "span-corruption: T5's, spans of a window are replaced by sentinels and are the target. prefix-lm: LM "
           "adaptation, a window is split at a random place and its end is the target.")
      .choices(lm_objective_names());
  table
      .add("max-source", options.max_source, "N",
           "Encoder positions of a corrupted window, which fills them; of prefix-lm: tokens of a window.")
      .at_least(8)
      .at_most(1 << 16);
  const auto corrupts = [&options] { return options.objective == "span-corruption"; };
  table.add("noise-density", options.noise_density, "X", "Span corruption: share of the tokens that is replaced.")
      .above(0)
      .below(1)
      .only_with("--objective span-corruption", corrupts);
  table.add("mean-span", options.mean_span, "X", "Span corruption: mean tokens of a span.")
      .at_least(1)
      .only_with("--objective span-corruption", corrupts);
}

void declare_steps(OptionTable& table, LmOptions& options) {
  table.add("steps", options.steps, "N", "Updates of the whole run.").at_least(1).at_most(most_steps);
  table.add("global-batch", options.global_batch, "N", "Windows a step.").at_least(1).at_most(largest_batch);
  declare_micro_tokens(table, options.micro_tokens);
  declare_recompute(table, options.recompute);
  table
      .add("optimizer", options.optimizer, "",
           "adafactor: T5's, with second moments factored and rates in units of each weight's size. adamw.")
      .choices({"adafactor", "adamw"});
  declare_learning_rate(table, options.learning_rate);
  declare_schedule(table, options.schedule);
  table
      .add("warmup-steps", options.warmup_steps, "N",
           "First steps, over which the rate climbs in a line; 1,000 unless given, or a tenth of --steps where that is "
           "less (T5 has none).")
      .at_least(0);
  table.add("weight-decay", options.weight_decay, "X", "Decoupled decay of the weights.").at_least(0).below(1);
  table.add("clip", options.clip, "X", "Largest L2 norm of the gradient.").above(0);
  table.add("dropout", options.dropout, "X", "Dropout rate; the config's dropout_rate where it is not given.")
      .at_least(0)
      .below(1);
  const auto adamw = [&options] { return options.optimizer == "adamw"; };
  table.add("beta1", options.beta1, "X", "AdamW's decay of the first moment.")
      .at_least(0)
      .below(1)
      .only_with("--optimizer adamw", adamw);
  table.add("beta2", options.beta2, "X", "AdamW's decay of the second moment.")
      .at_least(0)
      .below(1)
      .only_with("--optimizer adamw", adamw);
  table.add("epsilon", options.epsilon, "X", "AdamW's epsilon.").above(0).only_with("--optimizer adamw", adamw);
}

void declare_validation(OptionTable& table, LmOptions& options) {
  table.add("validation-fraction", options.validation_fraction, "X", "Share of the documents that is held out.")
      .above(0)
      .below(1);
  table.add("validation-windows", options.validation_windows, "N", "Held-out windows of a validation, at most.")
      .at_least(1)
      .at_most(1 << 24);
  table.add("write-windows", options.write_windows, "FILE",
            "Write these windows as lines of source_ids and target_ids, which `prelude predict` and others can score.");
  table
      .add("evaluate-every", options.evaluate_every, "STEPS",
           "Steps between validations; 0: only before the first and after the last step.")
      .at_least(0);
  table.add("patience", options.patience, "N", "Stop after this many validations without a new best; 0: never.")
      .at_least(0)
      .noted_with("--evaluate-every above 0", [&options] { return options.evaluate_every > 0; });
  table.add("samples", options.samples, "N", "Held-out windows that the model completes for the log at validations.")
      .at_least(0)
      .at_most(64);
  table.add("checkpoint-every", options.checkpoint_every, "STEPS", "Steps between checkpoints; 0: by time alone.")
      .at_least(0);
  table
      .add("checkpoint-seconds", options.checkpoint_seconds, "S",
           "Seconds between checkpoints, where that comes first; 0: by steps alone.")
      .at_least(0);
  table.add("keep", options.keep, "N", "Newest checkpoints to keep, beside the best.").at_least(1);
  declare_restart(table, options.restart);
  table.add("export-dtype", options.export_dtype, "", "Number type of the backbone folder that the run writes.")
      .choices({"float32", "bfloat16"});
  table.add("seed", options.seed, "N", "Seed of random weights and of the examples.");
}

}  // namespace

void declare(OptionTable& table, LmOptions& options) {
  declare_what(table, options);
  declare_steps(table, options);
  declare_validation(table, options);
  declare_session(table, options.session);
  declare_ranks(table, options.ranks);
}

std::string config_of(LmOptions options) {
  OptionTable table("lm", "");
  declare(table, options);
  return table.config_text();
}

void settle(LmOptions& options, const std::string& warmup) {
  constexpr std::int64_t usual_warmup = 1000;
  if (!options.warmup_steps && !warmup.empty()) parse_value(warmup, options.warmup_steps);
  if (!options.warmup_steps) options.warmup_steps = std::min(usual_warmup, options.steps / 10);
  check(schedule_of(options));
  parse_micro_tokens(options.micro_tokens);
  require(options.backbone.empty() != options.init.empty(),
          "give either --backbone DIR to go on from, or --init config.json for random weights");
  require(options.init.empty() == options.tokenizer.empty(),
          "--init and --tokenizer belong together; give both, or --backbone alone");
  require(options.optimizer == "adamw" || options.ranks.tensor_parallel == 1,
          "--optimizer adafactor with --tensor-parallel {}: its moments are of whole matrices; use adamw",
          options.ranks.tensor_parallel);
}

Schedule schedule_of(const LmOptions& options) {
  return {schedule_kind(options.schedule), options.learning_rate, options.warmup_steps.value(), options.steps};
}

}  // namespace prelude
