#include "launch/experiment/experiment_options.h"

#include <algorithm>
#include <functional>

#include "core/error.h"
#include "core/optim/schedule.h"
#include "launch/first_prompt.h"
#include "launch/micro_tokens.h"
#include "launch/option_value.h"
#include "launch/schedule_options.h"
#include "launch/tune/method.h"

namespace prelude {
namespace {

constexpr double most_steps = 1e9;
constexpr double largest_batch = 1 << 20;

bool has_method(const ExperimentOptions& options, const std::function<bool(const Method&)>& is_wanted) {
  return std::any_of(options.methods.begin(), options.methods.end(),
                     [&](const std::string& name) { return is_wanted(method_named(name)); });
}

void declare_what(OptionTable& table, ExperimentOptions& options) {
  table.add("backbone", options.backbone, "DIR", "Backbone folder in Hugging Face's layout.").required();
  table.add("output", options.output, "DIR", "Results. Run again on the same folder, only what is missing is computed.")
      .required();
  table.add("data", options.data, "NAME=DIR", "Data sets: a row's name and the folder with its files.").required();
  table.add("rows", options.rows, "FILE", "Files that describe data sets of your own (docs/few-shot.md).");
  table.add("methods", options.methods, "NAME", fmt::format("Methods. {}.", method_help()))
      .words()
      .unique()
      .choices(method_names());
  table.add("seeds", options.seeds, "N", "Of the drawn examples, of new prompts and of the order of the examples.")
      .unique();
  table
      .add("shots", options.shots, "N|all",
           "Training examples of all classes together, as many again for the choice of the best step; 32, or 8 per "
           "label above 5 labels, unless given.")
      .words()
      .unique();
  table
      .add("split", options.split, "",
           "draw: both out of the training file, balanced, by the seed. given: the training and dev files as they are. "
           "auto: draw where the training file has enough.")
      .choices({"auto", "draw", "given"});
}

void declare_prompts(OptionTable& table, ExperimentOptions& options) {
  table.add("prompt-nsp", options.prompt_nsp, "PROMPT", "Prompt pre-trained on sentence pairs, for ppt.");
  table.add("prompt-nss", options.prompt_nss, "PROMPT", "Prompt pre-trained on choices, for ppt.");
  table.add("prompt-cls", options.prompt_cls, "PROMPT", "Prompt pre-trained on single sentences, for ppt.");
  table.add("prompt-unified", options.prompt_unified, "PROMPT", "Prompt pre-trained on all of them, for unified-ppt.");
  declare_first_prompt(table, options);
  for (const char* name : {"prompt-length", "init"}) {
    table.row(name).noted_with("methods that start from a new prompt", [&options] {
      return has_method(options, [](const Method& m) { return m.first == FirstPrompt::fresh; });
    });
  }
}

void declare_comparison(OptionTable& table, ExperimentOptions& options) {
  table
      .add("prompt-rates", options.prompt_rates, "X",
           "Learning rates of prompts. Of several, the one with the best mean dev accuracy over the seeds counts.")
      .unique()
      .above(0)
      .noted_with("methods that train a prompt",
                  [&options] { return has_method(options, [](const Method& m) { return !m.trains_backbone(); }); });
  table.add("weight-rates", options.weight_rates, "X", "Learning rates of ft.")
      .unique()
      .above(0)
      .noted_with("method ft", [&options] { return has_method(options, &Method::trains_backbone); });
  declare_schedule(table, options.schedule);
  declare_warmup(table, options.warmup_steps);
  table.add("ensembles", options.ensembles, "",
            "Also test the majority vote of the seeds' prompts: ensembles.json, and a line each at the end.");
  table.add("reference", options.reference, "NAME", "Method that the others are tested against; pt unless given.");
}

}  // namespace

void declare_first_prompt(OptionTable& table, ExperimentOptions& options) {
  table.add("prompt-length", options.prompt_length, "P", "Rows of a new prompt; a pre-trained one keeps its own.")
      .at_least(1)
      .at_most(4096);
  table
      .add("init", options.init, "",
           "New prompt: rows sampled out of the vocabulary's embedding, or of its most frequent pieces in order, the "
           "embeddings of --init-text or of the label "
           "words (repeated), random numbers with the embedding's spread, or one tiny random row in every place.")
      .choices(first_prompts());
  table.add("init-text", options.init_text, "TEXT", "Text for --init text.").only_with("--init text", [&options] {
    return options.init == "text";
  });
}

void declare_tuning(OptionTable& table, ExperimentOptions& options) {
  table.add("steps", options.steps, "N", "Updates of a run; 0: the prompt as it is.").at_least(0).at_most(most_steps);
  table.add("global-batch", options.batch, "N", "Examples a step.").at_least(1).at_most(largest_batch);
  table.add("weight-decay", options.weight_decay, "X", "AdamW's decay.").at_least(0).below(1);
  table.add("clip", options.clip, "X", "Largest L2 norm of the gradient.").above(0);
  table.add("evaluate-every", options.evaluate_every, "STEPS", "Steps between two looks at the dev examples.")
      .at_least(1);
  table
      .add(
          "select", options.select, "",
          "What is kept and tested: the state with the best dev accuracy (of equals the one of the least dev loss), or "
          "the last one.")
      .choices({"best", "last"});
  table
      .add("measure", options.measure, "",
           "What is an answer: the likeliest of the label words, or (PPT) of the whole vocabulary. Both are kept; this "
           "one chooses the step and is reported.")
      .choices({"words", "vocabulary"});
  table.add("max-source", options.max_source, "N", "Encoder positions, prompt rows included; 0: the data set's own.")
      .at_least(0)
      .at_most(1 << 16);
  declare_micro_tokens(table, options.micro_tokens);
  declare_session(table, options.session);
  declare_ranks(table, options.ranks);
}

void declare(OptionTable& table, ExperimentOptions& options) {
  declare_what(table, options);
  declare_prompts(table, options);
  declare_comparison(table, options);
  declare_tuning(table, options);
}

std::string config_of(ExperimentOptions options) {
  OptionTable table("experiment", "");
  declare(table, options);
  return table.config_text();
}

std::string config_of_all_cells(ExperimentOptions options) {
  options.output.clear();
  options.backbone.clear();
  options.data.clear();
  options.rows.clear();
  options.methods.clear();
  options.seeds.clear();
  options.shots.clear();
  options.prompt_rates.clear();
  options.weight_rates.clear();
  options.reference.clear();
  options.ensembles = false;
  options.micro_tokens.clear();
  options.session.threads = 0;
  options.ranks = {};
  for (std::string* prompt : {&options.prompt_nsp, &options.prompt_nss, &options.prompt_cls, &options.prompt_unified})
    prompt->clear();
  return config_of(options);
}

std::vector<std::int64_t> shots_of(const ExperimentOptions& options) {
  std::vector<std::int64_t> shots;
  for (const std::string& word : options.shots) {
    std::int64_t number = whole_training_set;
    try {
      if (word != "all") parse_value(word, number);
    } catch (const UserError& error) {
      fail("--shots: {}", error.what());
    }
    require(word == "all" || number > 0, "--shots: {} is not above 0; give numbers, or all", word);
    require(std::find(shots.begin(), shots.end(), number) == shots.end(), "--shots: {} is given twice", word);
    shots.push_back(number);
  }
  return shots.empty() ? std::vector<std::int64_t>{0} : shots;
}

void check(const ExperimentOptions& options) {
  parse_micro_tokens(options.micro_tokens);
  static_cast<void>(shots_of(options));
  require(options.init != "text" || !options.init_text.empty(), "--init text needs --init-text TEXT; give both");
  const ScheduleKind kind = schedule_kind(options.schedule);
  for (const auto* rates : {&options.prompt_rates, &options.weight_rates}) {
    for (const double rate : *rates) check({kind, rate, options.warmup_steps, options.steps});
  }
  require(options.reference.empty() ||
              std::find(options.methods.begin(), options.methods.end(), options.reference) != options.methods.end(),
          "--reference: '{}' is none of --methods", options.reference);
}

Measure measure_of(const ExperimentOptions& options) {
  return options.measure == "words" ? Measure::accuracy : Measure::vocabulary_accuracy;
}

}  // namespace prelude
