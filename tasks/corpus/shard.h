// One sealed shard of a corpus, mapped: /tokens, /sentence_offsets, /document_offsets, perhaps /labels and
// /label_confidences (docs/formats.md, "Corpus folder").
#pragma once

#include <cstdint>
#include <string>

#include "core/io/h5.h"
#include "core/io/mapped_file.h"
#include "tasks/corpus/corpus.h"

namespace prelude {

class Shard {
 public:
  // Checks the file's size, the datasets' types and sizes against `entry` and the ends of the offsets, and reads no
  // more than that. Throws UserError naming the shard and the defect.
  Shard(const std::string& folder, const ShardEntry& entry, std::int64_t vocabulary_size, bool labels);

  std::int64_t documents() const { return documents_; }
  std::int64_t sentences() const { return sentences_; }
  std::int64_t tokens() const { return tokens_; }

  // Indices count within the shard. Each checks the offsets that it follows, and sentence() and tokens() their
  // tokens against the vocabulary, so that a damaged file is an error and never a read out of bounds.
  SentenceRange document(std::int64_t document) const;
  std::int64_t document_of(std::int64_t sentence) const;
  std::int64_t sentence_size(std::int64_t sentence) const;
  TokenSpan sentence(std::int64_t sentence) const;
  TokenRange document_tokens(std::int64_t document) const;
  TokenSpan tokens(std::int64_t first, std::int64_t count) const;
  std::int32_t label(std::int64_t sentence) const;      // -1: none
  float label_confidence(std::int64_t sentence) const;  // in [0, 1]

  // Reads everything: the file's checksum, then every offset, token and label. Throws UserError at the first defect.
  void verify(const std::string& xxh3_128) const;

 private:
  const std::byte* array(const h5::File& file, const char* name, h5::Type type, std::int64_t count) const;
  [[noreturn]] void damaged(const std::string& defect) const;

  std::string path_;
  MappedFile file_;
  std::int64_t documents_;
  std::int64_t sentences_;
  std::int64_t tokens_;
  std::int64_t vocabulary_size_;
  bool wide_ = false;                               // tokens are uint32, else uint16
  const std::byte* token_data_ = nullptr;           // [tokens]
  const std::int64_t* sentence_offsets_ = nullptr;  // [sentences + 1]
  const std::int64_t* document_offsets_ = nullptr;  // [documents + 1]
  const std::int8_t* labels_ = nullptr;             // [sentences]
  const float* label_confidences_ = nullptr;        // [sentences]
};

}  // namespace prelude
