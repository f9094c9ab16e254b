// Writes one shard of a corpus. The arrays are kept in memory until seal(): bounded by the shard's tokens (2 or 4 bytes
// each) plus 8 bytes a sentence and document, plus 5 a labelled sentence.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/io/h5_writer.h"
#include "tasks/corpus/manifest.h"

namespace prelude {

// A document as token ids, sentence by sentence. labels and confidences are empty or have one entry a sentence.
struct TokenDocument {
  std::vector<std::int32_t> tokens;
  std::vector<std::int64_t> sentence_sizes;  // sum: tokens.size()
  std::vector<std::int8_t> labels;           // -1: none
  std::vector<float> label_confidences;      // in [0, 1]
};

class ShardWriter {
 public:
  // Every id must be below `vocabulary_size`; with at most 65,536 of them tokens are stored as uint16, else uint32.
  // With `labels` every document must have them.
  ShardWriter(std::int64_t vocabulary_size, bool labels);

  // A document has a sentence, and each sentence a token.
  void add_document(const TokenDocument& document);
  std::int64_t documents() const { return static_cast<std::int64_t>(document_offsets_.size()) - 1; }
  std::int64_t sentences() const { return static_cast<std::int64_t>(sentence_offsets_.size()) - 1; }
  std::int64_t tokens() const { return sentence_offsets_.back(); }

  // Writes folder/shard_file_name(index), as h5::Writer does; the writer is then empty again. The same
  // documents give the same bytes.
  ShardEntry seal(const std::string& folder, std::size_t index);

 private:
  void write_arrays(h5::Writer& file) const;
  void clear();

  std::int64_t vocabulary_size_;
  bool has_labels_;
  bool wide_;
  std::vector<std::uint16_t> narrow_tokens_;  // one of the two is used
  std::vector<std::uint32_t> wide_tokens_;
  std::vector<std::int64_t> sentence_offsets_{0};
  std::vector<std::int64_t> document_offsets_{0};
  std::vector<std::int8_t> labels_;
  std::vector<float> label_confidences_;
};

}  // namespace prelude
