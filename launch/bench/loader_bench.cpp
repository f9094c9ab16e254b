#include "launch/bench/loader_bench.h"

#include <algorithm>
#include <chrono>

#include "core/error.h"
#include "core/random/random_stream.h"
#include "core/text/tokenizer.h"
#include "launch/bench/example_file.h"
#include "launch/bench/peak_memory.h"
#include "launch/bench/timing.h"
#include "tasks/corpus/corpus.h"
#include "tasks/loader.h"
#include "tasks/pretext/make_pretext_task.h"

namespace prelude {
namespace {

constexpr std::uint64_t most_steps = 1'000'000'000;

LoaderOptions loader_of(const LoaderBenchOptions& options) {
  LoaderOptions loader;
  loader.seed = options.seed;
  loader.global_batch = options.batch;
  loader.limits = options.limits;
  loader.threads = options.threads;
  return loader;
}

std::vector<Example> flat(std::vector<std::vector<Example>> micro_batches) {
  std::vector<Example> examples;
  for (auto& micro_batch : micro_batches) {
    for (auto& example : micro_batch) examples.push_back(std::move(example));
  }
  return examples;
}

// Examples and source tokens taken from a running loader.
struct Taken {
  std::int64_t examples = 0;
  std::int64_t source_tokens = 0;
  double seconds = 0;
};

Taken take_for(Loader& loader, double window) {
  Taken taken;
  const auto start = std::chrono::steady_clock::now();
  while (taken.seconds < window) {
    for (const auto& micro_batch : loader.next().micro_batches) {
      taken.examples += static_cast<std::int64_t>(micro_batch.size());
      for (const Example& example : micro_batch)
        taken.source_tokens += static_cast<std::int64_t>(example.source.size());
    }
    taken.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  return taken;
}

}  // namespace

void declare_loader_bench(OptionTable& table, LoaderBenchOptions& options) {
  table.add("corpus", options.corpus, "DIR", "loader: the corpus folder.");
  table.add("tokenizer", options.tokenizer, "PATH",
            "loader: the tokenizer that the corpus was built with (file or folder).");
  table.add("task", options.task, "", "loader: the pretext task.").choices(pretext_task_names());
  table.add("write-examples", options.write_examples, "FILE",
            "loader: write the first step's examples, for --examples or another program.");
}

LoaderBenchResult bench_loader(const LoaderBenchOptions& options, double window) {
  require(!options.corpus.empty() && !options.tokenizer.empty(), "--what loader needs --corpus and --tokenizer");
  const Tokenizer tokenizer = Tokenizer::load(options.tokenizer);
  const Corpus corpus = Corpus::open(options.corpus);
  PretextOptions pretext;
  pretext.prompt_length = options.prompt;
  const auto task = make_pretext_task(options.task, corpus, tokenizer, pretext);
  const LoaderOptions loader_options = loader_of(options);
  if (!options.write_examples.empty()) {
    write_examples(options.write_examples, flat(load_step(*task, loader_options, 0).micro_batches));
  }

  LoaderBenchResult result;
  result.batch = options.batch;
  std::vector<double> rates;
  Taken all;
  Loader loader(*task, loader_options, 0);
  (void)take_for(loader, window / 4);  // warms up
  for (std::int64_t k = 0; k < options.steps; ++k) {
    const Taken taken = take_for(loader, window);
    rates.push_back(static_cast<double>(taken.examples) / taken.seconds);
    all.examples += taken.examples;
    all.source_tokens += taken.source_tokens;
  }
  std::vector<double> jumps;
  RandomStream stream(options.seed, Purpose::test, 0);
  for (std::int64_t k = 0; k < options.steps; ++k) {
    const std::uint64_t step = stream.below(most_steps);
    jumps.push_back(seconds_of([&] { (void)Loader(*task, loader_options, step).next(); }));
  }
  result.examples_per_second = median(rates);
  result.jump_seconds = median(jumps);
  result.worst_jump_seconds = *std::max_element(jumps.begin(), jumps.end());
  result.source_tokens = static_cast<double>(all.source_tokens) / static_cast<double>(all.examples);
  result.peak_bytes = peak_bytes(at::Device(at::kCPU));
  return result;
}

BenchReport report_of(const LoaderBenchResult& result) {
  BenchReport report;
  report.json["batch"] = result.batch;
  report.json["examples_per_second"] = result.examples_per_second;
  report.json["jump_seconds"] = result.jump_seconds;
  report.json["worst_jump_seconds"] = result.worst_jump_seconds;
  report.json["source_tokens_per_example"] = result.source_tokens;
  report.json["peak_bytes"] = result.peak_bytes;
  report.text = fmt::format(
      "examples    {:.0f} a second, {:.1f} source tokens each\n"
      "jump        {:.2f} ms to a random step, at worst {:.2f}\n"
      "peak memory {:.2f} GB\n",
      result.examples_per_second, result.source_tokens, result.jump_seconds * 1e3, result.worst_jump_seconds * 1e3,
      static_cast<double>(result.peak_bytes) / 1e9);
  return report;
}

}  // namespace prelude
