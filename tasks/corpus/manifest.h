// corpus.json: what a corpus folder holds and how it was made (docs/formats.md, "Corpus folder").
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tasks/corpus/named_values.h"

namespace prelude {

class JsonFields;

struct ShardEntry {
  std::string file;  // "shard-00000.h5"
  std::int64_t documents = 0;
  std::int64_t sentences = 0;
  std::int64_t tokens = 0;
  std::int64_t bytes = 0;
  std::string xxh3_128;  // of the whole file, hex
};

// What the filters left out.
struct DroppedCounts {
  std::int64_t sentences_few_chars = 0;
  std::int64_t sentences_few_tokens = 0;
  std::int64_t documents_few_sentences = 0;
  std::int64_t sentences_of_those = 0;  // that the filters on sentences had kept
  std::int64_t sentences() const { return sentences_few_chars + sentences_few_tokens + sentences_of_those; }
  DroppedCounts& operator+=(const DroppedCounts& other);
  bool operator==(const DroppedCounts&) const = default;
};

struct Manifest {
  int schema_version = 1;
  std::string tokenizer_sha256;
  std::int64_t vocabulary_size = 0;
  std::string sentences;  // the splitter: "icu" or "line"
  std::int64_t min_sentence_tokens = 0;
  std::int64_t min_sentence_chars = 0;
  std::int64_t min_document_sentences = 1;
  std::int64_t shard_tokens = 0;
  bool labels = false;
  NamedValues labelling;  // what a model's labels depend on; empty where none gave them
  DroppedCounts dropped;
  std::optional<std::int64_t> unknown_tokens;  // how many of the tokens are <unk>; none: an older program built it
  std::vector<ShardEntry> shards;
};

// Both throw UserError naming the file and the field. Writing is atomic.
Manifest read_manifest(const std::string& path);
void write_manifest(const std::string& path, const Manifest& manifest);

// The counts of all shards together; no file, no checksum.
ShardEntry sum_of(const std::vector<ShardEntry>& shards);

// Parts of it that build.json shares.
nlohmann::ordered_json to_json(const ShardEntry& shard);
nlohmann::ordered_json to_json(const DroppedCounts& dropped);
ShardEntry read_shard_entry(const JsonFields& fields, std::size_t index);
DroppedCounts read_dropped(const JsonFields& fields);

// The file name of a shard: "shard-00007.h5".
std::string shard_file_name(std::size_t index);

}  // namespace prelude
