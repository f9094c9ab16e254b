// Corpora for tests, made from nested lists instead of text.
#pragma once

#include <string>
#include <vector>

#include "tasks/corpus/shard_writer.h"

namespace prelude::test {

using Sentence = std::vector<std::int32_t>;
using Document = std::vector<Sentence>;

struct CorpusOptions {
  std::int64_t vocabulary_size = 32100;
  std::string tokenizer_sha256 = std::string(64, '0');
  std::int64_t shard_tokens = 1 << 20;
  // Empty, or one a sentence for each document.
  std::vector<std::vector<std::int8_t>> labels = {};
  std::vector<std::vector<float>> label_confidences = {};
};

// Writes a corpus folder that Corpus::open reads. `folder` exists; a document has a sentence, a sentence a token.
inline void make_corpus(const std::string& folder, const std::vector<Document>& documents,
                        const CorpusOptions& options = {}) {
  Manifest manifest;
  manifest.tokenizer_sha256 = options.tokenizer_sha256;
  manifest.vocabulary_size = options.vocabulary_size;
  manifest.sentences = "line";
  manifest.shard_tokens = options.shard_tokens;
  manifest.labels = !options.labels.empty();
  ShardWriter writer(options.vocabulary_size, manifest.labels);
  for (std::size_t d = 0; d < documents.size(); ++d) {
    TokenDocument document;
    for (const Sentence& sentence : documents[d]) {
      document.tokens.insert(document.tokens.end(), sentence.begin(), sentence.end());
      document.sentence_sizes.push_back(static_cast<std::int64_t>(sentence.size()));
    }
    if (manifest.labels) {
      document.labels = options.labels.at(d);
      document.label_confidences = options.label_confidences.at(d);
    }
    writer.add_document(document);
    const bool last = d + 1 == documents.size();
    if (last || writer.tokens() >= options.shard_tokens) {
      manifest.shards.push_back(writer.seal(folder, manifest.shards.size()));
    }
  }
  write_manifest(folder + "/corpus.json", manifest);
}

}  // namespace prelude::test
