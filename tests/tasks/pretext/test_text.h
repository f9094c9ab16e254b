// Texts made of random ids, and slow look-ups in them: what the pretext oracles stand on. Nothing here uses the code
// under test but the corpus file format.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace prelude::test {

using Sentence = std::vector<std::int32_t>;
using Document = std::vector<Sentence>;

struct Place {
  std::int64_t document;
  std::int64_t index;  // of the sentence in its document
};

class TestText {
 public:
  explicit TestText(std::vector<Document> documents);

  const std::vector<Document>& documents() const { return documents_; }
  std::int64_t size() const { return static_cast<std::int64_t>(documents_.size()); }
  const Document& document(std::int64_t i) const { return documents_[static_cast<std::size_t>(i)]; }
  std::int64_t document_size(std::int64_t i) const { return static_cast<std::int64_t>(document(i).size()); }
  const Sentence& at(Place place) const { return document(place.document)[static_cast<std::size_t>(place.index)]; }
  bool has(Place place) const;
  // Where the n-th sentence of the whole text is.
  Place place_of(std::int64_t sentence) const;
  // Every place in documents [first, last) whose sentence begins with `shown` (not empty).
  std::vector<Place> begin_with(const Sentence& shown, std::int64_t first, std::int64_t last) const;

 private:
  std::vector<Document> documents_;
  std::vector<Place> places_;
  std::map<std::int32_t, std::vector<Place>> by_first_id_;
};

bool begins_with(const Sentence& whole, const Sentence& shown);

// How random texts are drawn (std::mt19937_64, so nothing of ours). Ids are in [3000, 30000): above every id that the
// layouts use themselves, below the sentinels.
struct TextShape {
  std::int64_t documents = 100;
  std::int64_t min_sentences = 12;
  std::int64_t max_sentences = 12;
  std::int64_t min_tokens = 5;
  std::int64_t max_tokens = 60;
  std::int64_t distinct_sentences = 0;  // 0: every sentence is drawn anew
};
TestText random_text(const TextShape& shape, std::uint64_t seed);

}  // namespace prelude::test
