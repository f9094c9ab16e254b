#include "launch/label/label_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "launch/standard_output.h"
#include "tasks/corpus/corpus.h"
#include "tasks/pretext/pretext_options.h"

namespace prelude {
namespace {

using Counts = std::array<std::int64_t, 5>;  // one a class

std::int64_t sum_of(const Counts& counts) { return std::accumulate(counts.begin(), counts.end(), std::int64_t{0}); }

}  // namespace

void print_label_summary(const CorpusLabelOptions& options, const std::string& state) {
  const Corpus corpus = Corpus::open(options.output);
  std::array<double, 5> thresholds = PretextOptions().confidence;
  std::copy(options.confidence.begin(), options.confidence.end(), thresholds.begin());
  Counts labelled{};
  Counts counting{};
  for (std::int64_t s = 0; s < corpus.sentences(); ++s) {
    const std::int32_t label = corpus.label(s);
    if (label < 0) continue;
    const auto at = static_cast<std::size_t>(label);
    ++labelled.at(at);
    if (static_cast<double>(corpus.label_confidence(s)) > thresholds[at]) ++counting[at];
  }
  print_out("{}: {}{} of {} sentences labelled, {} above their class's threshold; {} shards\n", options.output, state,
            sum_of(labelled), corpus.sentences(), sum_of(counting), corpus.manifest().shards.size());
  const std::vector<std::string>& words = label_words_of(options);
  print_out("  {:<8}{:<16}{:>12}{:>12}{:>12}\n", "class", "word", "labelled", "threshold", "above");
  for (std::size_t c = 0; c < labelled.size(); ++c) {
    print_out("  {:<8}{:<16}{:>12}{:>12}{:>12}\n", c, words[c], labelled[c], thresholds[c], counting[c]);
  }
}

}  // namespace prelude
