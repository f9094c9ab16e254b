#include "tasks/corpus/shard.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/io/checksum.h"

namespace prelude {
namespace {

template <typename Token>
std::int64_t first_outside(const std::byte* data, std::int64_t begin, std::int64_t end, std::int64_t vocabulary_size) {
  const Token* tokens = reinterpret_cast<const Token*>(data);
  const auto bad = [&](Token token) { return static_cast<std::int64_t>(token) >= vocabulary_size; };
  return std::find_if(tokens + begin, tokens + end, bad) - tokens;
}

// The first token of [begin, end) that is not below the vocabulary size; `end` where all are.
std::int64_t first_outside(const std::byte* data, bool wide, std::int64_t begin, std::int64_t end, std::int64_t size) {
  return wide ? first_outside<std::uint32_t>(data, begin, end, size)
              : first_outside<std::uint16_t>(data, begin, end, size);
}

}  // namespace

Shard::Shard(const std::string& folder, const ShardEntry& entry, std::int64_t vocabulary_size, bool labels)
    : path_(folder + "/" + entry.file),
      file_(MappedFile::open(path_)),
      documents_(entry.documents),
      sentences_(entry.sentences),
      tokens_(entry.tokens),
      vocabulary_size_(vocabulary_size) {
  const auto bytes = static_cast<std::int64_t>(file_.size());
  if (bytes != entry.bytes) damaged(fmt::format("it has {} bytes, corpus.json says {}", bytes, entry.bytes));
  const h5::File file = h5::File::open(path_);
  wide_ = vocabulary_size > std::numeric_limits<std::uint16_t>::max() + std::int64_t{1};
  token_data_ = array(file, "/tokens", wide_ ? h5::Type::uint32 : h5::Type::uint16, tokens_);
  sentence_offsets_ =
      reinterpret_cast<const std::int64_t*>(array(file, "/sentence_offsets", h5::Type::int64, sentences_ + 1));
  document_offsets_ =
      reinterpret_cast<const std::int64_t*>(array(file, "/document_offsets", h5::Type::int64, documents_ + 1));
  if (labels) {
    labels_ = reinterpret_cast<const std::int8_t*>(array(file, "/labels", h5::Type::int8, sentences_));
    label_confidences_ =
        reinterpret_cast<const float*>(array(file, "/label_confidences", h5::Type::float32, sentences_));
  }
  if (sentence_offsets_[0] != 0 || sentence_offsets_[sentences_] != tokens_) {
    damaged("/sentence_offsets does not run from 0 to the number of tokens");
  }
  if (document_offsets_[0] != 0 || document_offsets_[documents_] != sentences_) {
    damaged("/document_offsets does not run from 0 to the number of sentences");
  }
}

const std::byte* Shard::array(const h5::File& file, const char* name, h5::Type type, std::int64_t count) const {
  const h5::Dataset found = file.describe(name);
  if (found.type != type) {
    damaged(fmt::format("{} is of type {}; {} is wanted", name, h5::name_of(found.type), h5::name_of(type)));
  }
  if (found.shape.size() != 1 || found.count != count) {
    damaged(fmt::format("{} has {} elements, corpus.json says {}", name, found.count, count));
  }
  if (found.offset % h5::bytes_of(type) != 0) damaged(fmt::format("{} is not aligned in the file", name));
  return file_.data() + found.offset;
}

void Shard::damaged(const std::string& defect) const {
  fail("'{}' is damaged: {}; build the corpus again", path_, defect);
}

SentenceRange Shard::document(std::int64_t document) const {
  ensure(document >= 0 && document < documents_, "document {} of {}", document, documents_);
  const SentenceRange range{document_offsets_[document], document_offsets_[document + 1]};
  if (range.first < 0 || range.last <= range.first || range.last > sentences_) {
    damaged(fmt::format("/document_offsets is not increasing at {}", document));
  }
  return range;
}

std::int64_t Shard::document_of(std::int64_t sentence) const {
  ensure(sentence >= 0 && sentence < sentences_, "sentence {} of {}", sentence, sentences_);
  const std::int64_t* end = document_offsets_ + documents_;  // the last offset ends the last document: not searched
  const std::int64_t found = std::upper_bound(document_offsets_ + 1, end, sentence) - document_offsets_ - 1;
  const SentenceRange range = document(found);
  if (sentence < range.first || sentence >= range.last) damaged("/document_offsets is not increasing");
  return found;
}

std::int64_t Shard::sentence_size(std::int64_t sentence) const {
  ensure(sentence >= 0 && sentence < sentences_, "sentence {} of {}", sentence, sentences_);
  const std::int64_t begin = sentence_offsets_[sentence];
  const std::int64_t end = sentence_offsets_[sentence + 1];
  if (begin < 0 || end <= begin || end > tokens_) {
    damaged(fmt::format("/sentence_offsets is not increasing at {}", sentence));
  }
  return end - begin;
}

TokenSpan Shard::sentence(std::int64_t sentence) const {
  const std::int64_t size = sentence_size(sentence);
  return tokens(sentence_offsets_[sentence], size);
}

TokenRange Shard::document_tokens(std::int64_t document) const {
  const SentenceRange sentences = this->document(document);
  const TokenRange range{sentence_offsets_[sentences.first], sentence_offsets_[sentences.last]};
  if (range.first < 0 || range.last <= range.first || range.last > tokens_) {
    damaged(fmt::format("/sentence_offsets is not increasing in document {}", document));
  }
  return range;
}

TokenSpan Shard::tokens(std::int64_t first, std::int64_t count) const {
  ensure(first >= 0 && count > 0 && count <= tokens_ - first, "{} tokens from {} on of {}", count, first, tokens_);
  const std::int64_t outside = first_outside(token_data_, wide_, first, first + count, vocabulary_size_);
  if (outside < first + count) {
    damaged(fmt::format("token {} is outside the vocabulary of {}", outside, vocabulary_size_));
  }
  return {token_data_ + first * (wide_ ? 4 : 2), count, wide_};
}

std::int32_t Shard::label(std::int64_t sentence) const {
  ensure(sentence >= 0 && sentence < sentences_, "sentence {} of {}", sentence, sentences_);
  if (labels_ == nullptr) return -1;
  if (labels_[sentence] < -1) damaged(fmt::format("the label of sentence {} is {}", sentence, labels_[sentence]));
  return labels_[sentence];
}

float Shard::label_confidence(std::int64_t sentence) const {
  ensure(sentence >= 0 && sentence < sentences_, "sentence {} of {}", sentence, sentences_);
  if (label_confidences_ == nullptr) return 0.0F;
  const float confidence = label_confidences_[sentence];
  if (!(confidence >= 0.0F && confidence <= 1.0F)) {
    damaged(fmt::format("the label confidence of sentence {} is {}", sentence, confidence));
  }
  return confidence;
}

void Shard::verify(const std::string& xxh3_128) const {
  for (std::int64_t d = 0; d < documents_; ++d) document(d);
  for (std::int64_t s = 0; s < sentences_; ++s) {
    sentence_size(s);
    label(s);
    label_confidence(s);
  }
  const std::int64_t outside = first_outside(token_data_, wide_, 0, tokens_, vocabulary_size_);
  if (outside < tokens_) damaged(fmt::format("token {} is outside the vocabulary of {}", outside, vocabulary_size_));
  const std::string found = prelude::xxh3_128(file_.data(), file_.size());
  if (found != xxh3_128) damaged(fmt::format("its checksum is {}, corpus.json says {}", found, xxh3_128));
}

}  // namespace prelude
