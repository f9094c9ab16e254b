// Which backbone a result was made with: all that the numbers of a forward depend on.
#pragma once

#include <string>
#include <vector>

#include "core/io/safetensors.h"
#include "core/t5/config.h"
#include "dist/world.h"

namespace prelude {

struct BackboneIdentity {
  std::string weights;    // core/t5/identity.h
  std::string config;     // XXH3-128 of the resolved fields of config.json, but for dropout_rate
  std::string tokenizer;  // XXH3-128 of the tokenizer's identity; empty: the folder has none

  // "WEIGHTS-CONFIG-TOKENIZER": what checkpoints, prompts and cells keep.
  std::string text() const;
};

// The identity of the backbone in `folder`, opened as `files` with the settled `config`. `tokenizer`: its
// Tokenizer::sha256(), or empty. The ranks of each host read the weights once between them. A collective. Throws
// UserError where two hosts have different backbones under this path.
BackboneIdentity backbone_identity(const std::string& folder, const std::vector<SafetensorsFile>& files,
                                   const T5Config& config, const std::string& tokenizer, const World& world);

// The parts of it that have no weights on disk.
std::string config_hash(const T5Config& config);
std::string tokenizer_hash(const std::string& sha256);

// The first part of a text().
std::string weights_of(const std::string& text);
// What of `recorded` (a text() of earlier) is another now: "weights", "config.json" or "tokenizer"; empty: nothing.
// Earlier versions recorded the weights alone; what was not recorded is not compared.
std::string changed_part(const std::string& recorded, const std::string& now);

// The identity of the weights out of what the ranks hashed: `texts`, one per rank, has a line per piece, empty where
// another rank of its host hashed it; `hosts`: of every rank.
std::string agreed_hash(const std::string& folder, const std::vector<std::string>& texts,
                        const std::vector<std::string>& hosts);

}  // namespace prelude
