#pragma once

#include <string>
#include <vector>

#include "core/io/safetensors.h"
#include "core/t5/config.h"
#include "dist/world.h"

namespace prelude {

// The identity (core/t5/identity.h) of the backbone in `folder`, opened as `files`. The ranks of each host read it once
// between them. Throws UserError where two hosts have different backbones under this path.
std::string backbone_hash(const std::string& folder, const std::vector<SafetensorsFile>& files, const T5Config& config,
                          const World& world);

// The same out of what the ranks hashed: `texts`, one a rank, has a line a piece, empty where another rank of its host
// hashed it; `hosts`: of every rank.
std::string agreed_hash(const std::string& folder, const std::vector<std::string>& texts,
                        const std::vector<std::string>& hosts);

}  // namespace prelude
