// Shards whose bytes are still those that were recorded when they were written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tasks/corpus/corpus.h"

namespace prelude {

// Shards of at most this many bytes between them are read whole; it takes a second or less.
inline constexpr std::int64_t quickly_read = std::int64_t{1} << 30;

// Looks at the shards in `folder` that its file `record` ("corpus.json") lists. Throws UserError, "'PATH' is missing or
// damaged; MEND", for one of another size, and for one of other bytes where all are read. Of more than `most_read`
// bytes nothing is read: the first shard that is newer than the record gives a warning, one line.
std::vector<std::string> check_recorded_shards(const std::string& folder, const std::string& record,
                                               const std::vector<ShardEntry>& shards, const std::string& mend,
                                               std::int64_t most_read = quickly_read);
// Reads all where the other would warn: of a folder that a command continues.
void require_recorded_shards(const std::string& folder, const std::string& record,
                             const std::vector<ShardEntry>& shards, const std::string& mend);

// check_recorded_shards of a corpus and its corpus.json.
std::vector<std::string> check_recorded_shards(const Corpus& corpus);

}  // namespace prelude
