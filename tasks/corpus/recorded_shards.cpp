#include "tasks/corpus/recorded_shards.h"

#include <filesystem>
#include <limits>
#include <numeric>
#include <system_error>

#include "core/error.h"
#include "core/io/checksum.h"
#include "core/io/paths.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

bool is_newer(const std::string& path, const std::string& than) {
  std::error_code error;
  const auto time = fs::last_write_time(path, error);
  return !error && time > fs::last_write_time(than, error) && !error;
}

}  // namespace

std::vector<std::string> check_recorded_shards(const std::string& folder, const std::string& record,
                                               const std::vector<ShardEntry>& shards, const std::string& mend,
                                               std::int64_t most_read) {
  const std::int64_t bytes = std::accumulate(shards.begin(), shards.end(), std::int64_t{0},
                                             [](std::int64_t sum, const ShardEntry& s) { return sum + s.bytes; });
  const std::string record_path = fmt::format("{}/{}", folder, record);
  std::vector<std::string> warnings;
  for (const ShardEntry& shard : shards) {
    const std::string path = fmt::format("{}/{}", folder, shard.file);
    const bool same = path_exists(path) && file_bytes(path) == shard.bytes &&
                      (bytes > most_read || xxh3_128_of_file(path) == shard.xxh3_128);
    require(same, "'{}' is missing or damaged; {}", path, mend);
    if (bytes <= most_read || !warnings.empty() || !is_newer(path, record_path)) continue;
    warnings.push_back(fmt::format("'{}' is newer than {}; `prelude corpus verify {}` says whether it was changed",
                                   path, record, folder));
  }
  return warnings;
}

void require_recorded_shards(const std::string& folder, const std::string& record,
                             const std::vector<ShardEntry>& shards, const std::string& mend) {
  if (check_recorded_shards(folder, record, shards, mend).empty()) return;
  check_recorded_shards(folder, record, shards, mend, std::numeric_limits<std::int64_t>::max());
}

std::vector<std::string> check_recorded_shards(const Corpus& corpus) {
  return check_recorded_shards(corpus.folder(), "corpus.json", corpus.manifest().shards, "build the corpus again");
}

}  // namespace prelude
