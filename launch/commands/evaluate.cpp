#include "launch/commands/evaluate.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "launch/commands/pretrain_options.h"
#include "launch/micro_tokens.h"
#include "launch/predict/answers.h"
#include "launch/predict/candidate_scores.h"
#include "launch/predict/loaded_model.h"
#include "launch/predict/request.h"
#include "launch/predict/request_notes.h"
#include "launch/predict/scorer.h"
#include "launch/standard_output.h"
#include "tasks/corpus/corpus.h"
#include "tasks/corpus/recorded_shards.h"
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
  std::string normalise = "none";
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
  const auto reads_lines = [&options] { return !options.input.empty(); };
  table
      .add("append-eos", options.append_eos, "",
           "Put the end-of-sequence id </s> after every source and candidate, as in `prelude predict`.")
      .only_with("--input", reads_lines);
  table
      .add("normalise", options.normalise, "",
           "What a candidate's summed log-probability is divided by to choose one, as in `prelude predict`.")
      .choices(normalise_names())
      .only_with("--input", reads_lines);
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

// Accuracy, F1 and loss over the lines: the prediction is the candidate of the largest summed (or normalised)
// log-probability, the loss the mean negative log-probability of the right candidates' ids.
// `says`: this rank prints the notes.
Json evaluate_lines(const LoadedModel& loaded, const EvaluateOptions& options, const MicroBatchLimits& limits,
                    bool says) {
  RequestFormat format{loaded.tokenizer(), loaded.config().vocab_size, {}, loaded.prompt_rows() > 0, true};
  if (options.append_eos) format.append = static_cast<std::int32_t>(loaded.config().eos_token_id);
  RequestReader reader(options.input, format);
  RequestNotes notes(loaded);
  std::vector<ScoringJob> jobs;
  std::vector<Request> requests;  // their ids are the jobs'
  std::size_t classes = 0;
  while (std::optional<Request> request = reader.next()) {
    require(!request->candidates.empty(), "{}: it has neither candidates nor candidate_ids", request->place);
    require(request->label.has_value(), "{}: it has no label; give the right candidate's index", request->place);
    if (says) print_notes(notes.of(*request));
    classes = std::max(classes, request->candidates.size());
    jobs.push_back({std::move(request->source), std::move(request->candidates)});
    requests.push_back(*std::move(request));
  }
  require(!jobs.empty(), "'{}' holds no example", options.input);

  const LogProbabilities scores = score(loaded, jobs, limits, [&](std::size_t job, std::size_t target) {
    return fmt::format("{}: candidate {}", requests[job].place, target);
  });
  const Normalise by = normalise_of(options.normalise);
  Confusion confusion;
  double loss = 0;
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const CandidateScores candidates = candidate_scores(requests[i], scores[i], by);
    const auto right = static_cast<std::size_t>(*requests[i].label);
    confusion.add(*requests[i].label, static_cast<std::int64_t>(candidates.best));
    loss -= candidates.sums[right];
    tokens += scores[i][right].size();
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
  const auto warnings = check_recorded_shards(corpus);
  for (const std::string& warning : warnings) std::fputs(fmt::format("warning: {}\n", warning).c_str(), stderr);
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
  require(!options.input.empty() || options.normalise == "none",
          "--normalise compares the candidates of --input; a pretext task of --corpus has single words: leave it out");
  const Session session = open_session(options.pretext.session, options.pretext.ranks, world);
  const Ranks ranks(options.pretext.ranks, session, world);
  const LoadedModel loaded =
      LoadedModel::load(options.backbone, options.prompt, session, ranks, options.pretext.weights);
  const ExampleShape shape{loaded.prompt_rows(), loaded.prompt_rows() + usual_longest_source, usual_target};
  const MicroBatchLimits limits =
      micro_batch_limits(settled_micro_tokens(options.micro_tokens, loaded.model(), shape, session, ranks),
                         options.batch_size, loaded.prompt_rows(), loaded.config(), session.device);
  if (options.input.empty() && world.first()) {
    for (const std::string& warning : prompt_warnings(loaded.origin(), {"", "", options.pretext.task})) {
      std::fputs(fmt::format("warning: {}\n", warning).c_str(), stderr);
    }
  }
  const Json result = options.input.empty() ? evaluate_pretext(loaded, options, limits)
                                            : evaluate_lines(loaded, options, limits, world.first());
  if (world.first()) write_out((result.dump() + "\n"));
  return exit_done;
}

}  // namespace

Command evaluate_command() {
  return make_command<EvaluateOptions>("evaluate", "accuracy, F1 and loss of a prompt", declare, run);
}

}  // namespace prelude
