// build.json: how far a corpus build has come, so that it can be continued. It is written before the first shard and
// after each one; the corpus itself does not need it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tasks/corpus/build_options.h"
#include "tasks/corpus/input_files.h"
#include "tasks/corpus/input_problem.h"
#include "tasks/corpus/manifest.h"
#include "tasks/corpus/named_values.h"

namespace prelude {

struct RecordedInput {
  std::string path;
  std::string format;  // its name; empty in a record of an older program, which went by the file's name alone
  std::int64_t bytes = 0;
  std::int64_t modified = 0;
};

struct BuildRecord {
  NamedValues options;  // everything that the corpus' bytes depend on
  std::vector<RecordedInput> inputs;

  std::vector<ShardEntry> shards;   // sealed ones
  std::int64_t documents_read = 0;  // of the input, up to the end of the last sealed shard
  DroppedCounts dropped;            // up to there
  std::int64_t unknown_tokens = 0;  // <unk> among the tokens up to there
  ProblemCounts problems;
};

// The record that a build starts with.
BuildRecord new_build_record(const BuildOptions& options, const std::vector<InputFile>& inputs,
                             const std::string& tokenizer_sha256);

void write_build_record(const std::string& path, const BuildRecord& record);
// None where there is no such file. Throws UserError where it is damaged.
std::optional<BuildRecord> read_build_record(const std::string& path);

// Throws UserError, saying what differs and how to mend it, unless `found` (in the folder `output`) was made with the
// options and the input of `wanted`.
void require_same_build(const BuildRecord& found, const BuildRecord& wanted, const std::string& output);

}  // namespace prelude
