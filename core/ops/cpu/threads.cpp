#include "core/ops/cpu/threads.h"

#include <ATen/Parallel.h>

#ifndef _OPENMP
#error "without -fopenmp at::parallel_for is one thread's loop"
#endif

namespace prelude::cpu {

void share_out(std::int64_t count, std::int64_t least, const std::function<void(std::int64_t, std::int64_t)>& work) {
  at::parallel_for(0, count, least, work);
}

}  // namespace prelude::cpu
