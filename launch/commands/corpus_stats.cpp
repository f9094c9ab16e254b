#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "launch/commands/corpus.h"
#include "launch/standard_output.h"
#include "launch/telemetry/progress.h"
#include "tasks/corpus/losses.h"
#include "tasks/corpus/stats.h"

namespace prelude {
namespace {

struct CorpusStatsOptions {
  std::string corpus;
  bool json = false;
  int bars = 20;
};

constexpr double kPercents[] = {1, 5, 25, 50, 75, 95, 99};

void declare(OptionTable& table, CorpusStatsOptions& options) {
  table.add("corpus", options.corpus, "DIR", "The corpus folder.").positional().required();
  table.add("bars", options.bars, "N", "Bars of each histogram.").at_least(1).at_most(1000);
  table.add("json", options.json, "", "One JSON object instead of text.");
}

nlohmann::ordered_json to_json(const Distribution& distribution, int bars) {
  nlohmann::ordered_json json = {{"mean", distribution.mean()}, {"min", distribution.least()}};
  for (const double percent : kPercents) json[fmt::format("p{:.0f}", percent)] = distribution.percentile(percent);
  json["max"] = distribution.most();
  json["histogram"] = nlohmann::ordered_json::array();
  for (const auto& bar : distribution.histogram(bars)) {
    json["histogram"].push_back({{"first", bar.first}, {"last", bar.last}, {"count", bar.count}});
  }
  return json;
}

void print_json(const Corpus& corpus, const CorpusStats& stats, int bars) {
  const Manifest& manifest = corpus.manifest();
  using Json = nlohmann::ordered_json;
  Json json = {{"documents", stats.documents},
               {"sentences", stats.sentences},
               {"tokens", stats.tokens},
               {"shards", manifest.shards.size()},
               {"vocabulary_size", manifest.vocabulary_size},
               {"tokenizer_sha256", manifest.tokenizer_sha256},
               {"dropped",
                {{"sentences_few_chars", manifest.dropped.sentences_few_chars},
                 {"sentences_few_tokens", manifest.dropped.sentences_few_tokens},
                 {"documents_few_sentences", manifest.dropped.documents_few_sentences},
                 {"sentences_of_those", manifest.dropped.sentences_of_those}}},
               {"unknown_tokens", manifest.unknown_tokens ? Json(*manifest.unknown_tokens) : Json()},
               {"tokens_per_sentence", to_json(stats.tokens_per_sentence, bars)},
               {"sentences_per_document", to_json(stats.sentences_per_document, bars)},
               {"tokens_per_document", to_json(stats.tokens_per_document, bars)}};
  if (corpus.has_labels()) {
    json["labels"] = nlohmann::ordered_json::object();
    for (const auto& [label, count] : stats.labels) json["labels"][label < 0 ? "none" : std::to_string(label)] = count;
  }
  print_out("{}\n", json.dump(2));
}

void print_distribution(const char* name, const Distribution& distribution, int bars) {
  print_out("\n{}: mean {:.1f}, min {}", name, distribution.mean(), distribution.least());
  for (const double percent : kPercents) print_out(", p{:.0f} {}", percent, distribution.percentile(percent));
  print_out(", max {}\n", distribution.most());
  std::int64_t highest = 1;
  for (const auto& bar : distribution.histogram(bars)) highest = std::max(highest, bar.count);
  for (const auto& bar : distribution.histogram(bars)) {
    const auto width = static_cast<std::size_t>(50.0 * static_cast<double>(bar.count) / static_cast<double>(highest));
    const std::string range = fmt::format("{}-{}", bar.first, bar.last);
    print_out("  {:>15} {:>12}  {}\n", range, bar.count, std::string(width, '#'));
  }
}

void print_text(const Corpus& corpus, const CorpusStats& stats, int bars) {
  const Manifest& manifest = corpus.manifest();
  print_out("documents {:>15}\nsentences {:>15}\ntokens    {:>15}\nshards    {:>15}\n", stats.documents,
            stats.sentences, stats.tokens, manifest.shards.size());
  print_out("vocabulary of {}, sentences by {}\n", manifest.vocabulary_size, manifest.sentences);
  const DroppedCounts& dropped = manifest.dropped;
  print_out(
      "dropped: {} sentences under {} characters, {} under {} tokens, {} documents under {} sentences with {} "
      "sentences\n",
      dropped.sentences_few_chars, manifest.min_sentence_chars, dropped.sentences_few_tokens,
      manifest.min_sentence_tokens, dropped.documents_few_sentences, manifest.min_document_sentences,
      dropped.sentences_of_those);
  print_out("unknown (<unk>): {}\n", manifest.unknown_tokens
                                         ? fmt::format("{} of {} tokens", *manifest.unknown_tokens, stats.tokens)
                                         : "not counted, an older program built this corpus");
  print_distribution("tokens a sentence", stats.tokens_per_sentence, bars);
  print_distribution("sentences a document", stats.sentences_per_document, bars);
  print_distribution("tokens a document", stats.tokens_per_document, bars);
  if (!corpus.has_labels()) return;
  print_out("\nsentences by label\n");
  for (const auto& [label, count] : stats.labels) {
    print_out("  {:>15} {:>12}\n", label < 0 ? "none" : std::to_string(label), count);
  }
}

int run(const CorpusStatsOptions& options) {
  const Corpus corpus = Corpus::open(options.corpus);
  ProgressBar bar("counting", "documents", corpus.documents());
  bool shown = false;
  const CorpusStats stats = corpus_stats(corpus, [&](std::int64_t documents) {
    bar.update(documents);
    shown = true;
  });
  if (shown) bar.finish();
  if (options.json) {
    print_json(corpus, stats, options.bars);
  } else {
    print_text(corpus, stats, options.bars);
  }
  for (const std::string& warning : warnings_of_losses(corpus.manifest())) fmt::print(stderr, "warning: {}\n", warning);
  return exit_done;
}

}  // namespace

Command corpus_stats_command() {
  return make_command<CorpusStatsOptions>("corpus stats", "counts and histograms of a corpus", declare, run);
}

}  // namespace prelude
