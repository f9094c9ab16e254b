#include "launch/backbone_identity.h"

#include <fmt/ranges.h>

#include <array>
#include <sstream>

#include "core/error.h"
#include "core/io/checksum.h"
#include "core/t5/identity.h"
#include "dist/text.h"
#include "launch/ranks.h"

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

std::string weights_hash(const std::string& folder, const std::vector<SafetensorsFile>& files, const T5Config& config,
                         const World& world) {
  const auto pieces = piece_hashes(files, config, world.local_rank(), world.local_size());
  return agreed_hash(folder, gather_texts(world.group(), fmt::format("{}\n", fmt::join(pieces, "\n"))), world.hosts());
}

std::string hash_of(const std::string& text) { return xxh3_128(text.data(), text.size()); }

// The parts of a BackboneIdentity's text; missing ones are empty.
std::array<std::string, 3> parts_of(const std::string& text) {
  std::array<std::string, 3> parts;
  std::size_t begin = 0;
  for (std::string& part : parts) {
    const std::size_t end = std::min(text.find('-', begin), text.size());
    part = text.substr(begin, end - begin);
    if (end == text.size()) break;
    begin = end + 1;
  }
  return parts;
}

}  // namespace

std::string BackboneIdentity::text() const { return fmt::format("{}-{}-{}", weights, config, tokenizer); }

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

std::string config_hash(const T5Config& config) {
  return hash_of(fmt::format(
      "vocab_size {} d_model {} d_kv {} d_ff {} num_layers {} num_decoder_layers {} num_heads {} buckets {} "
      "max_distance {} layer_norm_epsilon {} gated {} activation {} tied {} scaled {} start {} pad {} eos {}",
      config.vocab_size, config.d_model, config.d_kv, config.d_ff, config.num_layers, config.num_decoder_layers,
      config.num_heads, config.relative_attention_num_buckets, config.relative_attention_max_distance,
      config.layer_norm_epsilon, config.gated, static_cast<int>(config.activation), config.tie_word_embeddings,
      config.scale_decoder_outputs, config.decoder_start_token_id, config.pad_token_id, config.eos_token_id));
}

std::string tokenizer_hash(const std::string& sha256) { return sha256.empty() ? "" : hash_of(sha256); }

BackboneIdentity backbone_identity(const std::string& folder, const std::vector<SafetensorsFile>& files,
                                   const T5Config& config, const std::string& tokenizer, const World& world) {
  const BackboneIdentity identity{weights_hash(folder, files, config, world), config_hash(config),
                                  tokenizer_hash(tokenizer)};
  require_same_content(world, fmt::format("--backbone '{}'", folder), identity.text());
  return identity;
}

std::string weights_of(const std::string& text) { return parts_of(text)[0]; }

std::string changed_part(const std::string& recorded, const std::string& now) {
  constexpr std::array names{"weights", "config.json", "tokenizer"};
  const auto before = parts_of(recorded);
  const auto after = parts_of(now);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!before[i].empty() && before[i] != after[i]) return names[i];
  }
  return "";
}

}  // namespace prelude
