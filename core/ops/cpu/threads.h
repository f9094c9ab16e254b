// Work shared out over LibTorch's threads. at::parallel_for is compiled into its callers, and without OpenMP's flag it
// is one thread's loop: so it is called in one place, which has the flag.
#pragma once

#include <cstdint>
#include <functional>

namespace prelude::cpu {

// Calls work(begin, end) for parts of 0 .. `count` that together are all of it, at the same time in as many threads as
// at::set_num_threads allows, no part smaller than `least` (>= 1) but the last. One call, here, from within such a
// work. Returns when all are done; throws what a work threw.
void share_out(std::int64_t count, std::int64_t least, const std::function<void(std::int64_t, std::int64_t)>& work);

}  // namespace prelude::cpu
