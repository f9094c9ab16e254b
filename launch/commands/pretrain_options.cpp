#include "launch/commands/pretrain_options.h"

#include <algorithm>

#include "core/delta/prompt_file.h"
#include "core/error.h"
#include "launch/first_prompt.h"
#include "launch/micro_tokens.h"
#include "launch/resume_rules.h"
#include "launch/schedule_options.h"
#include "launch/weight_format.h"
#include "tasks/pretext/make_pretext_task.h"
#include "tasks/pretext/quirks.h"

namespace prelude {
namespace {

constexpr double most_steps = 1e9;
constexpr double largest_batch = 1 << 20;
constexpr std::int64_t usual_prompt_length = 100;

// A blank after each comma, so that a help page can break the line.
std::string spaced(const std::string& list) {
  std::string text;
  for (const char c : list) text.append(1, c).append(c == ',' ? " " : "");
  return text;
}

void declare_what(OptionTable& table, PretrainOptions& options) {
  table.add("backbone", options.backbone, "DIR", "Backbone folder in Hugging Face's layout; it stays frozen.")
      .required();
  table
      .add("corpus", options.corpus, "DIR", "Corpus folder, from `prelude corpus build` with the backbone's tokenizer.")
      .required();
  table.add("output", options.output, "RUN", "Run folder. Run again on the same folder, it goes on where it stopped.")
      .required();
  table.add("task", options.task, "", "Pretext task.").choices(pretext_task_names());
  table.add("prompt-length", options.prompt_length, "P", "Prompt rows; 100, or as many as --from has.")
      .at_least(1)
      .at_most(4096);
  table
      .add("init", options.init, "",
           "First prompt: rows sampled out of the vocabulary's embedding, or of its most frequent pieces in order, the "
           "embeddings of --init-text or of the label "
           "words (repeated), random numbers with the embedding's spread, or PPT's one tiny random row in every place "
           "(identical).")
      .choices(first_prompts())
      .only_with("a new prompt, not one of --from", [&options] { return options.from.empty(); });
  table.add("init-text", options.init_text, "TEXT", "Text for --init text.").only_with("--init text", [&options] {
    return options.init == "text";
  });
  table.add("from", options.from, "PROMPT", "Start from this prompt (a PEFT folder, .npy or .pt) instead of --init.");
}

void declare_steps(OptionTable& table, PretrainOptions& options) {
  table.add("steps", options.steps, "N", "Updates of the whole run.").at_least(1).at_most(most_steps);
  table.add("global-batch", options.global_batch, "N", "Examples a step.").at_least(1).at_most(largest_batch);
  declare_micro_tokens(table, options.micro_tokens);
  table.add("micro-batch", options.micro_batch, "N", "Examples computed at once, at most, beside --micro-tokens.")
      .at_least(1)
      .at_most(largest_batch);
  declare_recompute(table, options.recompute);
  declare_learning_rate(table, options.learning_rate);
  declare_schedule(table, options.schedule);
  declare_warmup(table, options.warmup_steps);
  table.add("weight-decay", options.weight_decay, "X", "AdamW's decay, of the prompt too.").at_least(0).below(1);
  table.add("clip", options.clip, "X", "Largest L2 norm of the gradient.").above(0);
  table.add("beta1", options.beta1, "X", "AdamW's decay of the first moment.").at_least(0).below(1);
  table.add("beta2", options.beta2, "X", "AdamW's decay of the second moment.").at_least(0).below(1);
  table.add("epsilon", options.epsilon, "X", "AdamW's epsilon.").above(0);
}

void declare_examples(OptionTable& table, PretrainOptions& options) {
  table
      .add("max-source", options.max_source, "N",
           "Encoder positions, prompt rows included; 0: the task's (nsp 512, nss 1024, unified 768, cls 368).")
      .at_least(0)
      .at_most(1 << 16);
  table.add("label-words", options.label_words, "WORD", "Words that answer, in class order, instead of the task's own.")
      .words();
  table
      .add("confidence", options.confidence, "X",
           "cls: a sentence counts where its label's confidence is above these, one for each of the five classes.")
      .exactly(5)
      .at_least(0)
      .below(1)
      .only_with("--task cls", [&options] { return options.task == "cls"; });
  table.add(
      "quirks", options.quirks, "LIST",
      fmt::format("What PPT's code does that is taken for a defect, to repeat it: `ppt` for all, or names joined by "
                  "commas: {}.",
                  spaced(quirk_list(parse_quirks("ppt")))));
}

void declare_validation(OptionTable& table, PretrainOptions& options) {
  table.add("validation-fraction", options.validation_fraction, "X", "Share of the documents that is held out.")
      .above(0)
      .below(1);
  table.add("validation-examples", options.validation_examples, "N", "Held-out examples of a validation.")
      .at_least(1)
      .at_most(1 << 24);
  table
      .add("evaluate-every", options.evaluate_every, "STEPS",
           "Steps between validations; 0: only before the first and after the last step.")
      .at_least(0);
  table.add("patience", options.patience, "N", "Stop after this many validations without a new best; 0: never.")
      .at_least(0)
      .noted_with("--evaluate-every above 0", [&options] { return options.evaluate_every > 0; });
  table.add("checkpoint-every", options.checkpoint_every, "STEPS", "Steps between checkpoints; 0: by time alone.")
      .at_least(0);
  table
      .add("checkpoint-seconds", options.checkpoint_seconds, "S",
           "Seconds between checkpoints, where that comes first; 0: by steps alone.")
      .at_least(0);
  table.add("keep", options.keep, "N", "Newest checkpoints to keep, beside the best.").at_least(1);
  declare_restart(table, options.restart);
  table.add("seed", options.seed, "N", "Seed of the prompt's first values and of the examples.");
  table.add("verify-frozen", options.verify_frozen, "",
            "Hash the backbone again at the end: it must not have changed.");
}

}  // namespace

void declare(OptionTable& table, PretrainOptions& options) {
  declare_what(table, options);
  declare_steps(table, options);
  declare_examples(table, options);
  declare_validation(table, options);
  declare_session(table, options.session);
  declare_ranks(table, options.ranks);
  declare_weight_format(table, options.weights);
  table
      .add("shard", options.shard, "",
           "What of the backbone a data-parallel rank holds. whole: all of it. gather: an equal part of every layer; "
           "layers are gathered from all ranks just before they are used, forward and backward.")
      .choices({"whole", "gather"});
  table
      .add(
          "reduction", options.reduction, "",
          "How the ranks' gradients are added up. fast: one sum; its last bits depend on the number of ranks. ordered: "
          "micro-batch after micro-batch, the same bits on any number of data-parallel ranks.")
      .choices({"fast", "ordered"});
  table.add("cuda-graphs", options.cuda_graphs, "",
            "On cuda, without tensor parallelism: forward and backward of each padded shape as one CUDA graph, once it "
            "has come twice.");
}

std::string config_of(PretrainOptions options) {
  OptionTable table("pretrain", "");
  declare(table, options);
  return table.config_text();
}

namespace {

// How the ranks compute.
void check_combinations(const PretrainOptions& options) {
  const int tensor = options.ranks.tensor_parallel;
  const bool gathers = options.shard == "gather";
  require(!gathers || tensor == 1, "--shard gather and --tensor-parallel {} both cut the backbone; drop one", tensor);
  require(!gathers || options.recompute != "always",
          "--shard gather with --recompute always: a layer that is run again would be gathered out of turn; drop one");
  require(!gathers || options.weights == weights_as_loaded,
          "--shard gather with --weights {}: layers are gathered as --dtype says; drop one", options.weights);
  require(!gathers || !options.cuda_graphs, "--cuda-graphs with --shard gather: a graph holds no collective; drop one");
  require(!options.cuda_graphs || tensor == 1,
          "--cuda-graphs with --tensor-parallel {}: a graph holds no collective; drop one of them", tensor);
}

}  // namespace

void settle(PretrainOptions& options) {
  check(schedule_of(options));
  parse_micro_tokens(options.micro_tokens);
  parse_quirks(options.quirks);
  require(options.init != "text" || !options.init_text.empty(), "--init text needs --init-text TEXT; give both");
  check_combinations(options);
  if (!options.from.empty()) {
    const auto rows = read_prompt(options.from).rows.size(0);
    require(!options.prompt_length || *options.prompt_length == rows,
            "--prompt-length is {} but the prompt '{}' has {} rows; drop --prompt-length",
            options.prompt_length.value_or(0), options.from, rows);
    options.prompt_length = rows;
  }
  if (!options.prompt_length) options.prompt_length = usual_prompt_length;
  if (options.max_source == 0) options.max_source = default_max_source(options.task);
  options.micro_batch = std::min(options.micro_batch, options.global_batch);
}

Reduction reduction_of(const PretrainOptions& options) {
  return options.reduction == "ordered" ? Reduction::ordered : Reduction::fast;
}

bool gathers_layers(const PretrainOptions& options) { return options.shard == "gather"; }

Schedule schedule_of(const PretrainOptions& options) {
  return {schedule_kind(options.schedule), options.learning_rate, options.warmup_steps, options.steps};
}

PretextOptions pretext_of(const PretrainOptions& options, std::int64_t start_id) {
  PretextOptions pretext;
  pretext.max_source = options.max_source;
  pretext.prompt_length = options.prompt_length.value();
  pretext.validation_fraction = options.validation_fraction;
  pretext.start_id = static_cast<std::int32_t>(start_id);
  pretext.label_words = options.label_words;
  std::copy(options.confidence.begin(), options.confidence.end(), pretext.confidence.begin());
  pretext.quirks = parse_quirks(options.quirks);
  return pretext;
}

}  // namespace prelude
