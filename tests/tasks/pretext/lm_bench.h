// A text, its corpus, an objective over it, and the long texts that its windows are cut from, laid out the slow way.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tasks/pretext/lm_objective.h"
#include "tests/tasks/pretext/fixture.h"

namespace prelude::test {

constexpr std::int32_t end_id = 1;
constexpr std::int32_t first_sentinel_id = 32099;  // <extra_id_0>; <extra_id_k> is k below

// Documents first <= d < last, a </s> behind each.
inline Sentence joined(const TestText& text, std::int64_t first, std::int64_t last) {
  Sentence all;
  for (std::int64_t d = first; d < last; ++d) {
    for (const Sentence& sentence : text.document(d)) all.insert(all.end(), sentence.begin(), sentence.end());
    all.push_back(end_id);
  }
  return all;
}

class LmBench {
 public:
  LmBench(const std::string& objective, TestText text, const LmObjectiveOptions& options = {})
      : text_(std::move(text)),
        corpus_(text_),
        lengths_(lm_lengths(objective, options)),
        task_(make_lm_objective(objective, corpus_.corpus(), t5_tokenizer(), options)) {
    const auto held_out =
        static_cast<std::int64_t>(std::floor(static_cast<double>(text_.size()) * options.validation_fraction));
    const std::int64_t cut = text_.size() - std::max<std::int64_t>(held_out, 1);
    training_ = joined(text_, 0, cut);
    validation_ = joined(text_, cut, text_.size());
    for (std::size_t at = 0; at < training_.size(); ++at) places_[key(training_, at)].push_back(at);
  }

  const PretextTask& task() const { return *task_; }
  const LmLengths& lengths() const { return lengths_; }
  const Sentence& training() const { return training_; }
  const Sentence& validation() const { return validation_; }

  // Where on the ring of the training text `window` begins; its size where it is nowhere.
  std::size_t place_of(const Sentence& window) const {
    const auto found = places_.find(key(window, 0));
    if (found == places_.end()) return training_.size();
    for (const std::size_t place : found->second) {
      bool same = true;
      for (std::size_t i = 0; i < window.size() && same; ++i) {
        same = window[i] == training_[(place + i) % training_.size()];
      }
      if (same) return place;
    }
    return training_.size();
  }

 private:
  using Key = std::array<std::int32_t, 4>;
  static Key key(const Sentence& ids, std::size_t at) {
    return {ids[at], ids[(at + 1) % ids.size()], ids[(at + 2) % ids.size()], ids[(at + 3) % ids.size()]};
  }

  TestText text_;
  TestCorpus corpus_;
  LmLengths lengths_;
  std::unique_ptr<PretextTask> task_;
  Sentence training_;
  Sentence validation_;
  std::map<Key, std::vector<std::size_t>> places_;
};

// Whether `ids` ends with </s>, which is then taken off.
inline bool without_end(Sentence& ids) {
  if (ids.empty() || ids.back() != end_id) return false;
  ids.pop_back();
  return true;
}

// The window that an example was made of: each sentinel of the source replaced by what follows it in the target; or an
// empty one where it is not laid out as it should be. `spans`, where given, becomes the lengths of the masked spans and
// `gaps` those of the text before each.
struct SpanFacts {
  std::vector<std::int64_t> spans;
  std::vector<std::int64_t> gaps;
};
inline Sentence spans_put_back(const Example& example, std::int32_t start_id, SpanFacts* facts = nullptr) {
  Sentence source = example.source;
  Sentence target = example.target;
  if (!without_end(source) || !without_end(target) || target.empty() || target.front() != start_id) return {};
  SpanFacts found;
  Sentence window;
  std::int32_t next = first_sentinel_id;
  std::size_t at = 1;  // of the target
  std::int64_t gap = 0;
  for (const std::int32_t id : source) {
    if (id != next) {
      window.push_back(id);
      ++gap;
      continue;
    }
    if (at >= target.size() || target[at] != next) return {};
    const std::size_t first = ++at;
    while (at < target.size() && target[at] != next - 1) window.push_back(target[at++]);
    found.spans.push_back(static_cast<std::int64_t>(at - first));
    found.gaps.push_back(std::exchange(gap, 0));
    --next;
  }
  if (at != target.size() || gap != 0) return {};  // a masked span ends the window
  if (facts != nullptr) *facts = found;
  return window;
}

// The same for a prefix-lm example.
inline Sentence parts_joined(const Example& example, std::int32_t start_id) {
  Sentence window = example.source;
  Sentence target = example.target;
  if (!without_end(window) || !without_end(target) || target.size() < 2 || target.front() != start_id) return {};
  if (window.empty()) return {};
  window.insert(window.end(), target.begin() + 1, target.end());
  return window;
}

}  // namespace prelude::test
