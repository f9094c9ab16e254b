// Memory of CPU tensors that is used again from step to step.
#pragma once

#include <cstdint>

namespace prelude {

struct MemoryUse {
  std::int64_t alive = 0;    // bytes of blocks handed out now
  std::int64_t most = 0;     // the most that was alive at a time
  std::int64_t reached = 0;  // bytes of the region up to the end of the last block: `most` and what lay between blocks
};

// From here on LibTorch's CPU tensors of 64 KiB and more lie in one reserved region of addresses, whose freed blocks
// are joined and used again (first fit). malloc gives such blocks back to the system, and every step would have its
// pages zeroed anew (T5-small at 4,096 positions, one thread: 3.16 against 3.56 sequences/s). The region asks for huge
// pages. Does nothing when called again, and nothing where the system refuses the reservation. Smaller tensors stay
// with LibTorch's own allocator.
void reuse_tensor_memory();

// Gives the pages of free blocks back to the system, and counts `most` and `reached` from what is alive now: after
// loading, whose temporaries are not a step's.
void release_free_tensor_memory();

// All zero before reuse_tensor_memory().
MemoryUse tensor_memory_use();

}  // namespace prelude
