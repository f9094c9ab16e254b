#pragma once

#include <ATen/ATen.h>

#include "dist/world.h"

namespace prelude::test {

// The ranks that this test program runs on; main sets it.
inline World*& the_world() {
  static World* world = nullptr;
  return world;
}
inline World& world() { return *the_world(); }
inline Communicator& group() { return world().group(); }

// True on every rank if it is true on all: a test that fails on one must not leave the others waiting.
inline bool on_all(bool here) {
  at::Tensor failures = at::full({1}, here ? 0 : 1, at::kLong);
  group().all_reduce_sum(failures);
  return failures.item<std::int64_t>() == 0;
}

}  // namespace prelude::test
