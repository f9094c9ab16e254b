// label.json: how far the labelling of a corpus has come, so that it can be continued. It is written before the first
// shard and after each one; the corpus itself does not need it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tasks/corpus/manifest.h"
#include "tasks/corpus/named_values.h"

namespace prelude {

struct LabelRecord {
  NamedValues options;             // everything that the labels depend on
  std::vector<ShardEntry> shards;  // sealed ones
};

void write_label_record(const std::string& path, const LabelRecord& record);
// None where there is no such file. Throws UserError where it is damaged.
std::optional<LabelRecord> read_label_record(const std::string& path);

// Throws UserError, saying what differs and how to mend it, unless `found` (in the folder `output`) was made with
// `wanted`.
void require_same_labelling(const LabelRecord& found, const NamedValues& wanted, const std::string& output);

}  // namespace prelude
