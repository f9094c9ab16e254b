#pragma once

#include <nccl.h>

namespace prelude {

// Throws CollectiveError with the call and NCCL's own text unless `code` is success or, of a non-blocking communicator,
// still under way.
void check_nccl(ncclResult_t code, const char* call);

// Waits until `comm` has taken up what it was last asked for. Throws CollectiveError where it failed, or after
// `seconds`.
void settle_nccl(ncclComm_t comm, const char* call, double seconds);

}  // namespace prelude
