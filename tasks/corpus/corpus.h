// A corpus folder, read-only and memory-mapped: documents of sentences of tokens (docs/formats.md, "Corpus folder").
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tasks/corpus/manifest.h"

namespace prelude {

// A view of some tokens in the corpus: uint16 or uint32 on disk, int32 to the reader. Valid while the Corpus lives.
class TokenSpan {
 public:
  TokenSpan(const void* data, std::int64_t size, bool wide) : data_(data), size_(size), wide_(wide) {}
  std::int64_t size() const { return size_; }
  std::int32_t operator[](std::int64_t i) const {
    return wide_ ? static_cast<std::int32_t>(static_cast<const std::uint32_t*>(data_)[i])
                 : static_cast<std::int32_t>(static_cast<const std::uint16_t*>(data_)[i]);
  }
  // The first `limit` tokens (all where there are fewer).
  std::vector<std::int32_t> take(std::int64_t limit) const;
  // Appends the first `limit` tokens to `out`.
  void append_to(std::vector<std::int32_t>& out, std::int64_t limit) const;

 private:
  const void* data_;
  std::int64_t size_;
  bool wide_;
};

// Sentences first <= s < last, counted over the whole corpus.
struct SentenceRange {
  std::int64_t first;
  std::int64_t last;
  std::int64_t size() const { return last - first; }
};

// Tokens first <= t < last, counted over the whole corpus.
struct TokenRange {
  std::int64_t first;
  std::int64_t last;
  std::int64_t size() const { return last - first; }
};

class Corpus {
 public:
  // Opens every shard of the manifest and checks the sizes and types of its arrays; offsets and tokens are checked
  // where they are used, so that opening reads none of them and a damaged file is never read out of bounds. Throws
  // UserError naming shard and defect, here and from every reader below.
  static Corpus open(const std::string& folder);
  Corpus(Corpus&&) noexcept;
  Corpus& operator=(Corpus&&) noexcept;
  ~Corpus();

  const Manifest& manifest() const;
  const std::string& folder() const;
  std::int64_t documents() const;
  std::int64_t sentences() const;
  std::int64_t tokens() const;

  SentenceRange document(std::int64_t document) const;
  std::int64_t document_of(std::int64_t sentence) const;
  TokenSpan sentence(std::int64_t sentence) const;
  // sentence(s).size() without a look at the tokens.
  std::int64_t sentence_size(std::int64_t sentence) const;
  // The tokens of all its sentences; those of the next document follow them.
  TokenRange document_tokens(std::int64_t document) const;
  // `count` > 0 tokens from `first` on, all of one document.
  TokenSpan tokens(std::int64_t first, std::int64_t count) const;

  // Pseudo-labels: -1 where a sentence has none. has_labels() is true where every shard holds them.
  bool has_labels() const;
  std::int32_t label(std::int64_t sentence) const;
  float label_confidence(std::int64_t sentence) const;

 private:
  struct Parts;
  explicit Corpus(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace prelude
