#include "launch/commands/evaluate.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/error.h"
#include "launch/commands/pretrain_options.h"
#include "launch/micro_tokens.h"
#include "launch/predict/answers.h"
#include "launch/predict/loaded_model.h"
#include "launch/predict/request.h"
#include "launch/predict/scorer.h"
#include "tasks/corpus/corpus.h"
#include "tasks/loader.h"
#include "tasks/metrics.h"
#include "tasks/pretext/make_pretext_task.h"

namespace prelude {
namespace {

using Json = nlohmann::ordered_json;

struct EvaluateOptions {
  std::string backbone;
  std::string prompt;
  std::string input;
  bool append_eos = false;
  std::string micro_tokens = auto_micro_tokens;
  std::int64_t batch_size = 256;
  PretrainOptions pretext;  // the examples of --corpus, as `prelude pretrain` makes them
};

// The examples of --corpus.
void declare_examples(OptionTable& table, PretrainOptions& pretext) {
  table.add("task", pretext.task, "", "Pretext task, with --corpus.").choices(pretext_task_names());
  table.add("examples", pretext.validation_examples, "N", "Held-out examples, with --corpus.")
      .at_least(1)
      .at_most(1 << 24);
  table.add("max-source", pretext.max_source, "N", "Encoder positions, prompt rows included; 0: the task's.")
      .at_least(0)
      .at_most(1 << 16);
  table
      .add("prompt-length", pretext.prompt_length, "P",
           "Prompt rows to leave room for; the prompt's own unless given, 100 without one.")
      .at_least(0)
      .at_most(4096);
  table.add("validation-fraction", pretext.validation_fraction, "X", "Share of the documents that is held out.")
      .above(0)
      .below(1);
  table.add("label-words", pretext.label_words, "WORD", "Words that answer, instead of the task's own.").words();
  table.add("confidence", pretext.confidence, "X", "cls: thresholds of the five classes.")
      .exactly(5)
      .at_least(0)
      .below(1);
  table.add("quirks", pretext.quirks, "LIST", "Of PPT's examples, as in `prelude pretrain`.");
}

void declare(OptionTable& table, EvaluateOptions& options) {
  PretrainOptions& pretext = options.pretext;
  table.add("backbone", options.backbone, "DIR", "Backbone folder in Hugging Face's layout.").required();
  table.add("prompt", options.prompt, "PROMPT", "The prompt (a PEFT folder, .npy or .pt); without it, the bare model.");
  table.add("input", options.input, "FILE",
            "One JSON object a line: source, candidates and label (the right candidate's index), or source_ids and "
            "candidate_ids.");
  table.add("append-eos", options.append_eos, "", "Put the end-of-sequence id after every source and candidate.")
      .only_with("--input", [&options] { return !options.input.empty(); });
  declare_micro_tokens(table, options.micro_tokens);
  table
      .add("batch-size", options.batch_size, "N",
           "Examples computed at once, at most, beside --micro-tokens. The numbers depend on neither.")
      .at_least(1)
      .at_most(1 << 16);
  table.add("corpus", pretext.corpus, "DIR", "Instead of --input: held-out pretext examples of this corpus.");
  table.section(
      "--corpus", [&pretext] { return !pretext.corpus.empty(); }, [&] { declare_examples(table, pretext); });
  declare_weight_format(table, pretext.weights);
  declare_session(table, pretext.session);
  declare_ranks(table, pretext.ranks);
}

Json counts_of(const Confusion& confusion, std::int64_t classes) {
  Json result;
  result["examples"] = confusion.examples();
  result["accuracy"] = confusion.accuracy();
  result["macro_f1"] = confusion.macro_f1();
  result["confusion"] = confusion.table(classes);
  return result;
}

// Accuracy, F1 and loss over the lines: the prediction is the candidate of the largest summed log-probability, the loss
// the mean negative log-probability of the right candidates' ids.
Json evaluate_lines(const LoadedModel& loaded, const EvaluateOptions& options, const MicroBatchLimits& limits) {
  RequestFormat format{loaded.tokenizer(), loaded.config().vocab_size, {}, loaded.prompt_rows() > 0, true};
  if (options.append_eos) format.append = static_cast<std::int32_t>(loaded.config().eos_token_id);
  RequestReader reader(options.input, format);
  std::vector<ScoringJob> jobs;
  std::vector<std::int64_t> labels;
  std::vector<std::string> places;
  std::size_t classes = 0;
  while (std::optional<Request> request = reader.next()) {
    require(!request->candidates.empty(), "{}: it has neither candidates nor candidate_ids", request->place);
    require(request->label.has_value(), "{}: it has no label; give the right candidate's index", request->place);
    classes = std::max(classes, request->candidates.size());
    labels.push_back(*request->label);
    places.push_back(request->place);
    jobs.push_back({std::move(request->source), std::move(request->candidates)});
  }
  require(!jobs.empty(), "'{}' holds no example", options.input);

  const LogProbabilities scores = score(loaded, jobs, limits, [&](std::size_t job, std::size_t target) {
    return fmt::format("{}: candidate {}", places[job], target);
  });
  Confusion confusion;
  double loss = 0;
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    std::vector<double> sums;
    for (const auto& candidate : scores[i]) sums.push_back(std::accumulate(candidate.begin(), candidate.end(), 0.0));
    confusion.add(labels[i], std::max_element(sums.begin(), sums.end()) - sums.begin());
    loss -= sums[static_cast<std::size_t>(labels[i])];
    tokens += scores[i][static_cast<std::size_t>(labels[i])].size();
  }
  Json result = counts_of(confusion, static_cast<std::int64_t>(classes));
  result["loss"] = loss / static_cast<double>(tokens);
  return result;
}

// Held-out examples of a pretext task: accuracy among the words that an example offers, and among the whole vocabulary
// as PPT has it.
Json evaluate_pretext(const LoadedModel& loaded, const EvaluateOptions& options, const MicroBatchLimits& limits) {
  PretrainOptions pretext = options.pretext;
  const std::int64_t usual_rows = loaded.prompt_rows() > 0 ? loaded.prompt_rows() : 100;
  pretext.prompt_length = pretext.prompt_length.value_or(usual_rows);
  require(loaded.tokenizer() != nullptr, "'{}' has no spiece.model or tokenizer.json; --corpus needs it",
          loaded.folder());
  const Corpus corpus = Corpus::open(pretext.corpus);
  const auto task = make_pretext_task(pretext.task, corpus, *loaded.tokenizer(),
                                      pretext_of(pretext, loaded.config().decoder_start_token_id));
  Confusion confusion;
  GivenAnswers sums;
  const auto batches = load_validation(*task, pretext.validation_examples, limits);
  const auto answers = answer_batches(loaded, batches, task->label_ids());
  for (std::size_t b = 0; b < batches.size(); ++b) {
    for (std::size_t i = 0; i < batches[b].size(); ++i) confusion.add(batches[b][i].label, answers[b].best[i]);
    sums.loss_sum += answers[b].loss_sum;
    sums.label_tokens += answers[b].label_tokens;
    sums.likeliest += answers[b].likeliest;
  }
  Json result = counts_of(confusion, static_cast<std::int64_t>(task->label_ids().size()));
  result["vocabulary_accuracy"] = static_cast<double>(sums.likeliest) / static_cast<double>(confusion.examples());
  result["loss"] = sums.loss_sum / static_cast<double>(sums.label_tokens);
  return result;
}

int run(const EvaluateOptions& given, World& world) {
  EvaluateOptions options = given;
  require(options.input.empty() != options.pretext.corpus.empty(), "give either --input FILE or --corpus DIR");
  const Session session = open_session(options.pretext.session, options.pretext.ranks, world);
  const Ranks ranks(options.pretext.ranks, session, world);
  const LoadedModel loaded =
      LoadedModel::load(options.backbone, options.prompt, session, ranks, options.pretext.weights);
  const ExampleShape shape{loaded.prompt_rows(), loaded.prompt_rows() + usual_longest_source, usual_target};
  const MicroBatchLimits limits =
      micro_batch_limits(settled_micro_tokens(options.micro_tokens, loaded.model(), shape, session, ranks),
                         options.batch_size, loaded.prompt_rows(), loaded.config(), session.device);
  const Json result =
      options.input.empty() ? evaluate_pretext(loaded, options, limits) : evaluate_lines(loaded, options, limits);
  if (world.first()) std::fputs((result.dump() + "\n").c_str(), stdout);
  return exit_done;
}

}  // namespace

Command evaluate_command() {
  return make_command<EvaluateOptions>("evaluate", "accuracy, F1 and loss of a prompt", declare, run);
}

}  // namespace prelude
