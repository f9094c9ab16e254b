#include "tests/tasks/pretext/test_text.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace prelude::test {

TestText::TestText(std::vector<Document> documents) : documents_(std::move(documents)) {
  for (std::int64_t d = 0; d < size(); ++d) {
    for (std::int64_t i = 0; i < document_size(d); ++i) {
      places_.push_back({d, i});
      if (!at({d, i}).empty()) by_first_id_[at({d, i}).front()].push_back({d, i});
    }
  }
}

bool TestText::has(Place place) const {
  return place.document >= 0 && place.document < size() && place.index >= 0 &&
         place.index < document_size(place.document);
}

Place TestText::place_of(std::int64_t sentence) const { return places_.at(static_cast<std::size_t>(sentence)); }

std::vector<Place> TestText::begin_with(const Sentence& shown, std::int64_t first, std::int64_t last) const {
  std::vector<Place> found;
  const auto same_start = by_first_id_.find(shown.at(0));
  if (same_start == by_first_id_.end()) return found;
  for (const Place place : same_start->second) {
    if (place.document >= first && place.document < last && begins_with(at(place), shown)) found.push_back(place);
  }
  return found;
}

bool begins_with(const Sentence& whole, const Sentence& shown) {
  return whole.size() >= shown.size() && std::equal(shown.begin(), shown.end(), whole.begin());
}

TestText random_text(const TextShape& shape, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto between = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  const auto draw_sentence = [&] {
    // Lengths spread evenly over orders of magnitude where the range is wide.
    const double exponent = std::uniform_real_distribution<double>(0, 1)(random);
    const double ratio = static_cast<double>(shape.max_tokens + 1) / static_cast<double>(shape.min_tokens);
    const auto length = static_cast<std::size_t>(static_cast<double>(shape.min_tokens) * std::pow(ratio, exponent));
    Sentence sentence(std::min(length, static_cast<std::size_t>(shape.max_tokens)));
    for (auto& id : sentence) id = static_cast<std::int32_t>(between(3000, 29'999));
    return sentence;
  };
  std::vector<Sentence> pool;
  for (std::int64_t k = 0; k < shape.distinct_sentences; ++k) pool.push_back(draw_sentence());
  std::vector<Document> documents(static_cast<std::size_t>(shape.documents));
  for (Document& document : documents) {
    document.resize(static_cast<std::size_t>(between(shape.min_sentences, shape.max_sentences)));
    for (Sentence& sentence : document) {
      sentence =
          pool.empty() ? draw_sentence() : pool[static_cast<std::size_t>(between(0, shape.distinct_sentences - 1))];
    }
  }
  return TestText(std::move(documents));
}

}  // namespace prelude::test
