#include "launch/commands/backbone_hash.h"

#include <fmt/ranges.h>

#include <sstream>

#include "core/error.h"
#include "core/t5/identity.h"
#include "dist/text.h"

namespace prelude {
namespace {

// The pieces that the ranks of `host` hashed between them.
std::string hash_on(const std::string& host, const std::vector<std::string>& texts,
                    const std::vector<std::string>& hosts) {
  std::vector<std::string> pieces;
  for (std::size_t rank = 0; rank < texts.size(); ++rank) {
    if (hosts[rank] != host) continue;
    std::istringstream lines(texts[rank]);
    std::size_t index = 0;
    for (std::string piece; std::getline(lines, piece); ++index) {
      if (index == pieces.size()) pieces.emplace_back();
      if (!piece.empty()) pieces[index] = piece;
    }
  }
  return identity_of(pieces);
}

}  // namespace

std::string agreed_hash(const std::string& folder, const std::vector<std::string>& texts,
                        const std::vector<std::string>& hosts) {
  std::string first;
  for (std::size_t rank = 0; rank < hosts.size(); ++rank) {
    if (rank > 0 && hosts[rank] == hosts[rank - 1]) continue;
    const std::string hash = hash_on(hosts[rank], texts, hosts);
    if (first.empty()) first = hash;
    require(hash == first, "--backbone '{}' has other weights on host {} than on host {}; give all hosts the same",
            folder, hosts[rank], hosts[0]);
  }
  return first;
}

std::string backbone_hash(const std::string& folder, const std::vector<SafetensorsFile>& files, const T5Config& config,
                          const World& world) {
  const auto pieces = piece_hashes(files, config, world.local_rank(), world.local_size());
  return agreed_hash(folder, gather_texts(world.group(), fmt::format("{}\n", fmt::join(pieces, "\n"))), world.hosts());
}

}  // namespace prelude
