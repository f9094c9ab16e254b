#include "tasks/corpus/stats.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace prelude {

std::int64_t Distribution::count() const {
  std::int64_t total = 0;
  for (const auto& [value, times] : counts_) total += times;
  return total;
}

double Distribution::mean() const {
  double sum = 0;
  for (const auto& [value, times] : counts_) sum += static_cast<double>(value) * static_cast<double>(times);
  return sum / static_cast<double>(count());
}

std::int64_t Distribution::percentile(double percent) const {
  ensure(!counts_.empty() && percent > 0 && percent <= 100, "percentile {} of {} values", percent, counts_.size());
  const auto rank = static_cast<std::int64_t>(std::ceil(percent / 100.0 * static_cast<double>(count())));
  std::int64_t seen = 0;
  for (const auto& [value, times] : counts_) {
    seen += times;
    if (seen >= rank) return value;
  }
  return most();
}

std::vector<Distribution::Bar> Distribution::histogram(int bars) const {
  ensure(!counts_.empty() && bars > 0, "a histogram of {} bars", bars);
  const std::int64_t end = percentile(99);
  const std::int64_t span = end - least() + 1;
  const std::int64_t width = (span + bars - 1) / bars;
  std::vector<Bar> result;
  for (std::int64_t first = least(); first <= end; first += width) {
    result.push_back({first, first + width - 1, 0});
  }
  result.back().last = std::max(result.back().last, most());
  for (const auto& [value, times] : counts_) {
    const auto bar = static_cast<std::size_t>((value - least()) / width);
    result[std::min(bar, result.size() - 1)].count += times;
  }
  return result;
}

CorpusStats corpus_stats(const Corpus& corpus, const std::function<void(std::int64_t)>& progress) {
  constexpr std::int64_t kProgressInterval = 4096;
  CorpusStats stats;
  stats.documents = corpus.documents();
  stats.sentences = corpus.sentences();
  stats.tokens = corpus.tokens();
  for (std::int64_t d = 0; d < stats.documents; ++d) {
    const SentenceRange range = corpus.document(d);
    std::int64_t tokens = 0;
    for (std::int64_t s = range.first; s < range.last; ++s) {
      const std::int64_t size = corpus.sentence_size(s);
      stats.tokens_per_sentence.add(size);
      tokens += size;
      if (corpus.has_labels()) ++stats.labels[corpus.label(s)];
    }
    stats.sentences_per_document.add(range.size());
    stats.tokens_per_document.add(tokens);
    if (progress && (d + 1) % kProgressInterval == 0) progress(d + 1);
  }
  return stats;
}

}  // namespace prelude
