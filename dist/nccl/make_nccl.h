#pragma once

#include <memory>

#include "dist/communicator.h"

namespace prelude {

// All ranks of `host` over NCCL, each with its own GPU `device`. `host` sends NCCL's id and outlives the result. Throws
// UserError where this build has no CUDA.
std::unique_ptr<Communicator> make_nccl(Communicator& host, int device);

}  // namespace prelude
