#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <thread>

#include "core/io/printable.h"
#include "launch/commands/corpus.h"
#include "launch/commands/input_options.h"
#include "launch/rank_workers.h"
#include "launch/ranks.h"
#include "launch/standard_output.h"
#include "launch/telemetry/progress.h"
#include "launch/train/stop_signal.h"
#include "tasks/corpus/build.h"
#include "tasks/corpus/losses.h"
#include "tasks/corpus/make_documents.h"

namespace prelude {
namespace {

struct CorpusBuildOptions {
  BuildOptions build;
  std::string sentences = "icu";
  std::string on_error = "stop";
  double collective_timeout = 600;  // seconds
};

void declare(OptionTable& table, CorpusBuildOptions& options) {
  BuildOptions& build = options.build;
  declare_inputs(table, build);
  table
      .add("tokenizer", build.tokenizer, "PATH",
           "The backbone's folder, or its SentencePiece model (spiece.model) where nothing stands beside it.")
      .required();
  table
      .add("output", build.output, "DIR",
           "The corpus folder. Run again on the same folder, an interrupted build continues.")
      .required();
  table
      .add(
          "sentences", options.sentences, "",
          "How to split sentences: icu, by Unicode's rules inside each line, or line, each line being one (PPT's way).")
      .choices({"icu", "line"});
  table.add("min-sentence-tokens", build.min_sentence_tokens, "N", "Shorter sentences are dropped.").at_least(0);
  table.add("min-sentence-chars", build.min_sentence_chars, "N", "Shorter sentences are dropped.").at_least(0);
  table.add("min-document-sentences", build.min_document_sentences, "N", "Documents with fewer left are dropped.")
      .at_least(0);
  table
      .add("shard-tokens", build.shard_tokens, "N",
           "A shard ends with the document that brings it to this many tokens.")
      .at_least(1);
  declare_text_field(table, build);
  table.add(
      "labels", build.labels, "",
      "Also read the fields or columns label (a whole number from 0; absent: none) and confidence (0 to 1; absent: "
      "1) of JSON and tables, for every sentence of the document.");
  declare_input_problems(table, build, options.on_error);
  table
      .add("workers", build.workers, "N",
           "Threads that tokenize, on every rank; 0: one a core, shared out over the ranks of the host. The bytes made "
           "do "
           "not depend on it, nor on the number of ranks.")
      .at_least(0);
  declare_collective_timeout(table, options.collective_timeout);
}

// The bar starts at the first document: what an earlier build has read is passed over, not work.
class BuildBar {
 public:
  void update(const BuildProgress& progress) {
    if (!bar_) {
      skipped_ = progress.shards > 0 ? progress.bytes_read : 0;
      bar_ = std::make_unique<ProgressBar>("reading", "bytes", progress.bytes_total - skipped_);
    }
    bar_->update(progress.bytes_read - skipped_);
  }
  void message(const std::string& text) {
    if (bar_) {
      bar_->message(text);
    } else {
      fmt::print(stderr, "{}\n", message_line(text));
    }
  }
  void finish() {
    if (bar_) bar_->finish();
  }

 private:
  std::unique_ptr<ProgressBar> bar_;
  std::int64_t skipped_ = 0;
};

void print_result(const std::string& folder, const BuildResult& result) {
  const ShardEntry sum = sum_of(result.manifest.shards);
  const char* state = result.end == BuildResult::End::complete           ? ""
                      : result.end == BuildResult::End::already_complete ? "already complete: "
                                                                         : "stopped, run again to continue: ";
  print_out("{}: {}{} documents, {} sentences, {} tokens, {} shards; {}\n", folder, state, sum.documents, sum.sentences,
            sum.tokens, result.manifest.shards.size(), describe_losses(result.manifest, result.problems));
  for (const std::string& warning : warnings_of_losses(result.manifest)) fmt::print(stderr, "warning: {}\n", warning);
}

// Threads on this rank.
int workers_of(const BuildOptions& build, const World& world) {
  if (build.workers > 0) return build.workers;
  return std::max(static_cast<int>(std::thread::hardware_concurrency()) / world.local_size(), 1);
}

int run(const CorpusBuildOptions& options, World& world) {
  BuildOptions build = options.build;
  build.sentences = splitting_named(options.sentences);
  build.skip_errors = options.on_error == "skip";
  build.workers = workers_of(build, world);
  StopSignal stop;
  if (!world.first()) {
    serve_far_work(
        build.workers, [&] { return document_service(build); }, [&] { return stop.requested(); });
    return exit_done;
  }
  const std::unique_ptr<RankWorkers> far = world.alone() ? nullptr : std::make_unique<RankWorkers>();
  BuildBar bar;
  const BuildResult result =
      build_corpus(build,
                   {.begins =
                        [&](const InputFiles& files) {
                          for (const std::string& note : notes_on(files)) bar.message(note);
                        },
                    .progress = [&](const BuildProgress& progress) { bar.update(progress); },
                    .left_out = [&](const InputProblem& problem) { bar.message(problem.message); },
                    .stop = [&] { return stop.requested() || (far && far->stop_wanted()); }},
                   far.get());
  bar.finish();
  print_result(build.output, result);
  return result.end == BuildResult::End::stopped ? exit_stopped : exit_done;
}

}  // namespace

Command corpus_build_command() {
  return make_command<CorpusBuildOptions>("corpus build", "text to a tokenized corpus folder", declare, run);
}

}  // namespace prelude
