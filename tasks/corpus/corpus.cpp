#include "tasks/corpus/corpus.h"

#include <algorithm>

#include "core/error.h"
#include "core/io/folder_kind.h"
#include "core/io/paths.h"
#include "tasks/corpus/shard.h"

namespace prelude {

std::vector<std::int32_t> TokenSpan::take(std::int64_t limit) const {
  std::vector<std::int32_t> tokens;
  append_to(tokens, limit);
  return tokens;
}

void TokenSpan::append_to(std::vector<std::int32_t>& out, std::int64_t limit) const {
  const std::int64_t count = std::clamp<std::int64_t>(limit, 0, size_);
  out.reserve(out.size() + static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) out.push_back((*this)[i]);
}

struct Corpus::Parts {
  std::string folder;
  Manifest manifest;
  std::vector<Shard> shards;
  // First document, sentence and token of each shard over the whole corpus; one entry more than shards: the totals.
  std::vector<std::int64_t> first_document{0};
  std::vector<std::int64_t> first_sentence{0};
  std::vector<std::int64_t> first_token{0};

  // The shard that holds element `index`, by the `first` of its kind.
  static std::size_t shard_of(const std::vector<std::int64_t>& first, std::int64_t index, const char* what) {
    ensure(index >= 0 && index < first.back(), "{} {} of {}", what, index, first.back());
    return static_cast<std::size_t>(std::upper_bound(first.begin(), first.end(), index) - first.begin()) - 1;
  }
};

Corpus::Corpus(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Corpus::Corpus(Corpus&&) noexcept = default;
Corpus& Corpus::operator=(Corpus&&) noexcept = default;
Corpus::~Corpus() = default;

Corpus Corpus::open(const std::string& folder) {
  auto parts = std::make_unique<Parts>();
  parts->folder = folder;
  const std::string manifest_path = folder + "/corpus.json";
  if (!path_exists(manifest_path)) {
    const std::string wrong = wrong_folder(folder, "a corpus", "corpus");
    require(wrong.empty(), "{}", wrong);
  }
  parts->manifest = read_manifest(manifest_path);
  const Manifest& manifest = parts->manifest;
  for (const ShardEntry& entry : manifest.shards) {
    const Shard& shard = parts->shards.emplace_back(folder, entry, manifest.vocabulary_size, manifest.labels);
    parts->first_document.push_back(parts->first_document.back() + shard.documents());
    parts->first_sentence.push_back(parts->first_sentence.back() + shard.sentences());
    parts->first_token.push_back(parts->first_token.back() + shard.tokens());
  }
  return Corpus(std::move(parts));
}

const Manifest& Corpus::manifest() const { return parts_->manifest; }
const std::string& Corpus::folder() const { return parts_->folder; }
std::int64_t Corpus::documents() const { return parts_->first_document.back(); }
std::int64_t Corpus::sentences() const { return parts_->first_sentence.back(); }
std::int64_t Corpus::tokens() const { return parts_->first_token.back(); }

SentenceRange Corpus::document(std::int64_t document) const {
  const std::size_t i = Parts::shard_of(parts_->first_document, document, "document");
  const SentenceRange range = parts_->shards[i].document(document - parts_->first_document[i]);
  return {range.first + parts_->first_sentence[i], range.last + parts_->first_sentence[i]};
}

std::int64_t Corpus::document_of(std::int64_t sentence) const {
  const std::size_t i = Parts::shard_of(parts_->first_sentence, sentence, "sentence");
  return parts_->shards[i].document_of(sentence - parts_->first_sentence[i]) + parts_->first_document[i];
}

TokenSpan Corpus::sentence(std::int64_t sentence) const {
  const std::size_t i = Parts::shard_of(parts_->first_sentence, sentence, "sentence");
  return parts_->shards[i].sentence(sentence - parts_->first_sentence[i]);
}

std::int64_t Corpus::sentence_size(std::int64_t sentence) const {
  const std::size_t i = Parts::shard_of(parts_->first_sentence, sentence, "sentence");
  return parts_->shards[i].sentence_size(sentence - parts_->first_sentence[i]);
}

TokenRange Corpus::document_tokens(std::int64_t document) const {
  const std::size_t i = Parts::shard_of(parts_->first_document, document, "document");
  const TokenRange range = parts_->shards[i].document_tokens(document - parts_->first_document[i]);
  return {range.first + parts_->first_token[i], range.last + parts_->first_token[i]};
}

TokenSpan Corpus::tokens(std::int64_t first, std::int64_t count) const {
  const std::size_t i = Parts::shard_of(parts_->first_token, first, "token");
  return parts_->shards[i].tokens(first - parts_->first_token[i], count);
}

bool Corpus::has_labels() const { return parts_->manifest.labels; }

std::int32_t Corpus::label(std::int64_t sentence) const {
  const std::size_t i = Parts::shard_of(parts_->first_sentence, sentence, "sentence");
  return parts_->shards[i].label(sentence - parts_->first_sentence[i]);
}

float Corpus::label_confidence(std::int64_t sentence) const {
  const std::size_t i = Parts::shard_of(parts_->first_sentence, sentence, "sentence");
  return parts_->shards[i].label_confidence(sentence - parts_->first_sentence[i]);
}

}  // namespace prelude
