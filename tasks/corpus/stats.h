// Counts and distributions of a corpus.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "tasks/corpus/corpus.h"

namespace prelude {

// How often each value occurs: exact percentiles in memory bounded by the number of different values.
class Distribution {
 public:
  void add(std::int64_t value) { ++counts_[value]; }

  std::int64_t count() const;  // of values added
  // The rest needs count() > 0.
  std::int64_t least() const { return counts_.begin()->first; }
  std::int64_t most() const { return counts_.rbegin()->first; }
  double mean() const;
  // The least value that at least `percent` (0 < percent <= 100) of all values do not exceed (nearest rank).
  std::int64_t percentile(double percent) const;

  struct Bar {
    std::int64_t first;  // values first <= v <= last
    std::int64_t last;
    std::int64_t count;
  };
  // At most `bars` bars of equal width from the least value on; the last one takes all beyond the 99th percentile.
  std::vector<Bar> histogram(int bars) const;

 private:
  std::map<std::int64_t, std::int64_t> counts_;
};

struct CorpusStats {
  std::int64_t documents = 0;
  std::int64_t sentences = 0;
  std::int64_t tokens = 0;
  Distribution tokens_per_sentence;
  Distribution sentences_per_document;
  Distribution tokens_per_document;
  std::map<std::int32_t, std::int64_t> labels;  // sentences by label, -1: none; empty where the corpus has no labels
};

// Reads the offsets and labels, not the tokens. `progress` (may be empty) is told the documents done now and then.
CorpusStats corpus_stats(const Corpus& corpus, const std::function<void(std::int64_t)>& progress = {});

}  // namespace prelude
