#include "launch/commands/predict.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <span>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/output_file.h"
#include "core/io/posix.h"
#include "launch/micro_tokens.h"
#include "launch/predict/candidate_scores.h"
#include "launch/predict/loaded_model.h"
#include "launch/predict/request.h"
#include "launch/predict/request_notes.h"
#include "launch/predict/scorer.h"

namespace prelude {
namespace {

using Json = nlohmann::ordered_json;

// Lines are taken in windows of many batches, so that each batch can be of like lengths.
constexpr std::size_t window = 1024;

struct PredictOptions {
  std::string backbone;
  std::string prompt;
  std::string input;
  std::string output = "-";
  std::string micro_tokens = auto_micro_tokens;
  std::int64_t batch_size = 256;
  std::int64_t max_new_tokens = 32;
  bool append_eos = false;
  std::string normalise = "none";
  std::string weights = weights_as_loaded;
  SessionOptions session;
  RankOptions ranks;
};

void declare(OptionTable& table, PredictOptions& options) {
  table.add("backbone", options.backbone, "DIR", "Backbone folder in Hugging Face's layout.").required();
  table.add("prompt", options.prompt, "PROMPT", "Prompt in front of every source (a PEFT folder, .npy or .pt).");
  table
      .add("input", options.input, "FILE",
           "One JSON object a line: source or source_ids; with target or target_ids, candidates or candidate_ids.")
      .required();
  table.add("output", options.output, "FILE", "One JSON object a line, in the same order; - is standard output.");
  declare_micro_tokens(table, options.micro_tokens);
  table
      .add("batch-size", options.batch_size, "N",
           "Lines computed at once, at most, beside --micro-tokens. The numbers depend on neither.")
      .at_least(1)
      .at_most(1 << 16);
  table
      .add("max-new-tokens", options.max_new_tokens, "N",
           "Longest continuation, for lines without target and candidates.")
      .at_least(1)
      .at_most(1 << 16);
  table.add(
      "append-eos", options.append_eos, "",
      "Put the end-of-sequence id </s> after every source, target and candidate, as Hugging Face's tokenizers do: "
      "for a prompt that was trained with them. Prelude's own prompts are trained without it.");
  table
      .add(
          "normalise", options.normalise, "",
          "What the scores of candidates, sums of log-probabilities, are divided by to choose the prediction: nothing, "
          "the number of ids, or the bytes of the text. A sum favours short candidates.")
      .choices(normalise_names());
  declare_weight_format(table, options.weights);
  declare_session(table, options.session);
  declare_ranks(table, options.ranks);
}

// Where lines go: a file that is there when it is whole, what is no regular file (a device, a pipe) as it is, or
// standard output.
class Output {
 public:
  Output(const std::string& path, bool writes) : writes_(writes), place_(path == "-" ? "standard output" : path) {
    namespace fs = std::filesystem;
    if (!writes || path == "-") return;
    std::error_code unknown;
    const fs::file_status there = fs::status(path, unknown);
    if (fs::exists(there) && !fs::is_regular_file(there) && !fs::is_directory(there)) {
      stream_.reset(std::fopen(path.c_str(), "w"));
      if (stream_ == nullptr) fail_system("open", path);
    } else {
      file_ = std::make_unique<AtomicFile>(path);
    }
  }
  void write(const std::string& line) {
    if (file_) {
      file_->write(line);
      return;
    }
    std::FILE* const out = stream_ ? stream_.get() : stdout;
    // Now, not after all that is still to be computed.
    if (writes_ && std::fwrite(line.data(), 1, line.size(), out) != line.size()) fail_system("write", place_);
  }
  void commit() {
    if (file_) file_->commit();
    if (stream_ && std::fclose(stream_.release()) != 0) fail_system("write", place_);
  }

 private:
  struct Close {
    void operator()(std::FILE* stream) const { std::fclose(stream); }
  };

  bool writes_;  // the first rank does
  std::string place_;
  std::unique_ptr<AtomicFile> file_;
  std::unique_ptr<std::FILE, Close> stream_;
};

// Target and candidates under one source, scored together: the target first.
ScoringJob job_of(const Request& request) {
  ScoringJob job{request.source, {}};
  if (request.target) job.targets.push_back(*request.target);
  job.targets.insert(job.targets.end(), request.candidates.begin(), request.candidates.end());
  return job;
}

std::string name_of(const Request& request, std::size_t target) {
  if (request.target && target == 0) return fmt::format("{}: target", request.place);
  return fmt::format("{}: candidate {}", request.place, target - (request.target ? 1 : 0));
}

void add_scores(Json& line, const Request& request, std::span<const std::vector<double>> log_probabilities,
                Normalise by) {
  if (request.target) {
    const auto& target = log_probabilities.front();
    line["target_logprobs"] = target;
    line["loss"] = -std::accumulate(target.begin(), target.end(), 0.0) / static_cast<double>(target.size());
    log_probabilities = log_probabilities.subspan(1);
  }
  if (request.candidates.empty()) return;
  const CandidateScores scores = candidate_scores(request, log_probabilities, by);
  line["scores"] = scores.sums;
  line["scores_per_token"] = scores.per_token;
  if (!scores.per_byte.empty()) line["scores_per_byte"] = scores.per_byte;
  line["prediction"] = scores.best;
}

void add_generated(Json& line, const LoadedModel& loaded, Ids ids) {
  line["generated_ids"] = ids;
  if (loaded.tokenizer() == nullptr) return;
  if (!ids.empty() && ids.back() == loaded.config().eos_token_id) ids.pop_back();
  line["generated"] = loaded.tokenizer()->decode(ids);
}

// One object a request, without its index.
std::vector<Json> answer(const LoadedModel& loaded, const std::vector<Request>& requests,
                         const MicroBatchLimits& limits, const PredictOptions& options) {
  std::vector<ScoringJob> jobs;
  std::vector<Ids> open;  // sources to continue
  std::vector<const Request*> of_jobs;
  std::vector<const Request*> of_open;
  for (const Request& request : requests) {
    if (request.target || !request.candidates.empty()) {
      jobs.push_back(job_of(request));
      of_jobs.push_back(&request);
    } else {
      open.push_back(request.source);
      of_open.push_back(&request);
    }
  }
  const LogProbabilities scores =
      score(loaded, jobs, limits, [&](std::size_t job, std::size_t target) { return name_of(*of_jobs[job], target); });
  const std::vector<Ids> generated = generate_greedily(loaded, open, limits, options.max_new_tokens,
                                                       [&](std::size_t source) { return of_open[source]->place; });
  const Normalise by = normalise_of(options.normalise);
  std::vector<Json> lines;
  auto next_score = scores.begin();
  auto next_generated = generated.begin();
  for (const Request& request : requests) {
    Json& line = lines.emplace_back();
    line["index"] = 0;  // the caller's, put first
    if (request.target || !request.candidates.empty()) {
      add_scores(line, request, *next_score++, by);
    } else {
      add_generated(line, loaded, *next_generated++);
    }
  }
  return lines;
}

int run(const PredictOptions& given, World& world) {
  PredictOptions options = given;
  // Before anything is computed: answers must not replace the questions, the prompt, or what is no answers.
  if (world.first() && options.output != "-") {
    require_output_file(options.output, {"--output", {options.input, options.prompt}, "{\"index\":0"});
  }
  const Session session = open_session(options.session, options.ranks, world);
  const Ranks ranks(options.ranks, session, world);
  const LoadedModel loaded = LoadedModel::load(options.backbone, options.prompt, session, ranks, options.weights);
  RequestFormat format{loaded.tokenizer(), loaded.config().vocab_size, {}, loaded.prompt_rows() > 0, false};
  if (options.append_eos) format.append = static_cast<std::int32_t>(loaded.config().eos_token_id);
  RequestReader reader(options.input, format);
  Output output(options.output, world.first());

  const ExampleShape shape{loaded.prompt_rows(), loaded.prompt_rows() + usual_longest_source, options.max_new_tokens};
  const MicroBatchLimits limits =
      micro_batch_limits(settled_micro_tokens(options.micro_tokens, loaded.model(), shape, session, ranks),
                         options.batch_size, loaded.prompt_rows(), loaded.config(), session.device);
  RequestNotes notes(loaded);
  std::int64_t index = 0;
  for (bool more = true; more;) {
    std::vector<Request> requests;
    while (requests.size() < window) {
      std::optional<Request> request = reader.next();
      more = request.has_value();
      if (!more) break;
      if (world.first()) print_notes(notes.of(*request));
      requests.push_back(*std::move(request));
    }
    for (Json& line : answer(loaded, requests, limits, options)) {
      line["index"] = index++;
      output.write(line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    }
  }
  output.commit();
  return exit_done;
}

}  // namespace

Command predict_command() {
  return make_command<PredictOptions>("predict", "scores, best candidates or continuations of lines of text", declare,
                                      run);
}

}  // namespace prelude
