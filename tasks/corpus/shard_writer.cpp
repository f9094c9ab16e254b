#include "tasks/corpus/shard_writer.h"

#include <limits>

#include "core/error.h"

namespace prelude {

ShardWriter::ShardWriter(std::int64_t vocabulary_size, bool labels)
    : vocabulary_size_(vocabulary_size),
      has_labels_(labels),
      wide_(vocabulary_size > std::numeric_limits<std::uint16_t>::max() + std::int64_t{1}) {}

void ShardWriter::add_document(const TokenDocument& document) {
  const std::size_t labels = has_labels_ ? document.sentence_sizes.size() : 0;
  ensure(!document.sentence_sizes.empty(), "a document without sentences");
  ensure(document.labels.size() == labels && document.label_confidences.size() == labels,
         "{} labels and {} confidences, {} are wanted", document.labels.size(), document.label_confidences.size(),
         labels);
  std::int64_t end = sentence_offsets_.back();
  const std::int64_t start = end;
  for (const std::int64_t size : document.sentence_sizes) {
    ensure(size > 0, "a sentence of {} tokens", size);
    end += size;
    sentence_offsets_.push_back(end);
  }
  ensure(end - start == static_cast<std::int64_t>(document.tokens.size()), "sentences of {} tokens in a document of {}",
         end - start, document.tokens.size());
  document_offsets_.push_back(sentences());
  for (const std::int32_t token : document.tokens) {
    ensure(token >= 0 && token < vocabulary_size_, "token {} in a vocabulary of {}", token, vocabulary_size_);
    if (wide_) {
      wide_tokens_.push_back(static_cast<std::uint32_t>(token));
    } else {
      narrow_tokens_.push_back(static_cast<std::uint16_t>(token));
    }
  }
  labels_.insert(labels_.end(), document.labels.begin(), document.labels.end());
  label_confidences_.insert(label_confidences_.end(), document.label_confidences.begin(),
                            document.label_confidences.end());
}

ShardEntry ShardWriter::seal(const std::string& folder, std::size_t index) {
  ShardEntry entry;
  entry.file = shard_file_name(index);
  entry.documents = documents();
  entry.sentences = sentences();
  entry.tokens = tokens();
  h5::Writer file(folder + "/" + entry.file);
  write_arrays(file);
  const h5::Writer::Contents contents = file.finish();
  entry.bytes = contents.bytes;
  entry.xxh3_128 = contents.xxh3_128;
  file.commit();
  clear();
  return entry;
}

void ShardWriter::write_arrays(h5::Writer& file) const {
  if (wide_) {
    file.write("/tokens", wide_tokens_);
  } else {
    file.write("/tokens", narrow_tokens_);
  }
  file.write("/sentence_offsets", sentence_offsets_);
  file.write("/document_offsets", document_offsets_);
  if (has_labels_) {
    file.write("/labels", labels_);
    file.write("/label_confidences", label_confidences_);
  }
}

void ShardWriter::clear() {
  narrow_tokens_.clear();
  wide_tokens_.clear();
  sentence_offsets_.assign(1, 0);
  document_offsets_.assign(1, 0);
  labels_.clear();
  label_confidences_.clear();
}

}  // namespace prelude
