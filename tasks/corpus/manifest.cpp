#include "tasks/corpus/manifest.h"

#include <limits>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/shallow_json.h"
#include "tasks/corpus/json_fields.h"

namespace prelude {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 48;  // more tokens or bytes than any corpus; sums cannot overflow

}  // namespace

ShardEntry read_shard_entry(const JsonFields& fields, std::size_t index) {
  ShardEntry shard;
  shard.file = fields.text("file");
  fields.check(shard.file == shard_file_name(index), "file", fmt::format("must be \"{}\"", shard_file_name(index)));
  shard.documents = fields.integer("documents", 1, kMost);
  shard.sentences = fields.integer("sentences", 1, kMost);
  shard.tokens = fields.integer("tokens", 1, kMost);
  shard.bytes = fields.integer("bytes", 1, kMost);
  shard.xxh3_128 = fields.text("xxh3_128");
  return shard;
}

DroppedCounts read_dropped(const JsonFields& fields) {
  DroppedCounts dropped;
  dropped.sentences_few_chars = fields.integer("sentences_few_chars", 0, kMost);
  dropped.sentences_few_tokens = fields.integer("sentences_few_tokens", 0, kMost);
  dropped.documents_few_sentences = fields.integer("documents_few_sentences", 0, kMost);
  // Older corpora do not say it.
  constexpr const char* of_those = "sentences_of_those";
  if (fields.has(of_those)) dropped.sentences_of_those = fields.integer(of_those, 0, kMost);
  return dropped;
}

nlohmann::ordered_json to_json(const ShardEntry& shard) {
  return {{"file", shard.file},     {"documents", shard.documents}, {"sentences", shard.sentences},
          {"tokens", shard.tokens}, {"bytes", shard.bytes},         {"xxh3_128", shard.xxh3_128}};
}

nlohmann::ordered_json to_json(const DroppedCounts& dropped) {
  return {{"sentences_few_chars", dropped.sentences_few_chars},
          {"sentences_few_tokens", dropped.sentences_few_tokens},
          {"documents_few_sentences", dropped.documents_few_sentences},
          {"sentences_of_those", dropped.sentences_of_those}};
}

DroppedCounts& DroppedCounts::operator+=(const DroppedCounts& other) {
  sentences_few_chars += other.sentences_few_chars;
  sentences_few_tokens += other.sentences_few_tokens;
  documents_few_sentences += other.documents_few_sentences;
  sentences_of_those += other.sentences_of_those;
  return *this;
}

ShardEntry sum_of(const std::vector<ShardEntry>& shards) {
  ShardEntry sum;
  for (const ShardEntry& shard : shards) {
    sum.documents += shard.documents;
    sum.sentences += shard.sentences;
    sum.tokens += shard.tokens;
    sum.bytes += shard.bytes;
  }
  return sum;
}

std::string shard_file_name(std::size_t index) { return fmt::format("shard-{:05}.h5", index); }

Manifest read_manifest(const std::string& path) {
  const nlohmann::json document = read_json_file(path, std::size_t{256} << 20);
  const JsonFields fields(document, path, "");
  Manifest manifest;
  manifest.schema_version = static_cast<int>(fields.integer("schema_version", 0, kMost));
  fields.check(manifest.schema_version == 1, "schema_version", "must be 1; a newer prelude made this corpus");
  manifest.tokenizer_sha256 = fields.text("tokenizer_sha256");
  manifest.vocabulary_size = fields.integer("vocabulary_size", 1, std::numeric_limits<std::int32_t>::max());
  manifest.sentences = fields.text("sentences");
  manifest.min_sentence_tokens = fields.integer("min_sentence_tokens", 0, kMost);
  manifest.min_sentence_chars = fields.integer("min_sentence_chars", 0, kMost);
  manifest.min_document_sentences = fields.integer("min_document_sentences", 0, kMost);
  manifest.shard_tokens = fields.integer("shard_tokens", 1, kMost);
  manifest.labels = fields.boolean("labels");
  if (fields.has("labelling")) manifest.labelling = read_named_values(fields.object("labelling"));
  manifest.dropped = read_dropped(fields.object("dropped"));
  if (fields.has("unknown_tokens")) manifest.unknown_tokens = fields.integer("unknown_tokens", 0, kMost);
  const std::vector<JsonFields> shards = fields.objects("shards");
  fields.check(!shards.empty() && shards.size() < 100000, "shards", "must list between 1 and 99,999 shards");
  for (const JsonFields& shard : shards) manifest.shards.push_back(read_shard_entry(shard, manifest.shards.size()));
  return manifest;
}

void write_manifest(const std::string& path, const Manifest& manifest) {
  nlohmann::ordered_json document = {{"schema_version", manifest.schema_version},
                                     {"tokenizer_sha256", manifest.tokenizer_sha256},
                                     {"vocabulary_size", manifest.vocabulary_size},
                                     {"sentences", manifest.sentences},
                                     {"min_sentence_tokens", manifest.min_sentence_tokens},
                                     {"min_sentence_chars", manifest.min_sentence_chars},
                                     {"min_document_sentences", manifest.min_document_sentences},
                                     {"shard_tokens", manifest.shard_tokens},
                                     {"labels", manifest.labels}};
  if (!manifest.labelling.empty()) document["labelling"] = to_json(manifest.labelling);
  document["dropped"] = to_json(manifest.dropped);
  if (manifest.unknown_tokens) document["unknown_tokens"] = *manifest.unknown_tokens;
  document["shards"] = nlohmann::ordered_json::array();
  for (const ShardEntry& shard : manifest.shards) document["shards"].push_back(to_json(shard));
  write_file_atomically(path, document.dump(2) + "\n");
}

}  // namespace prelude
