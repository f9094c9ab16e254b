// Whether a corpus folder is sound, shard by shard.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "tasks/corpus/far_workers.h"
#include "tasks/corpus/manifest.h"

namespace prelude {

// Reads all of it: checksums, offsets, tokens, labels. `progress` (may be empty) is told (shards done, shards), in
// their order; `far` (may be null) are workers elsewhere that run verify_service() of the same folder. Returns the
// manifest. One shard is mapped at a time. Throws UserError naming the first bad shard and its defect, whoever found
// it.
Manifest verify_corpus(const std::string& folder, const std::function<void(std::size_t, std::size_t)>& progress = {},
                       FarWorkers* far = nullptr);

// What those far workers do. `who` ("rank 3 on host n2") stands after the defects that they find. Throws UserError
// where the manifest cannot be read.
FarService verify_service(const std::string& folder, const std::string& who);

}  // namespace prelude
