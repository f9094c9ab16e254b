#pragma once

#include "launch/ranks.h"

namespace prelude::test {

// What a command is given where no launcher started it: one rank, on the CPU with one thread.
struct OneRank {
  World world;
  Session session{at::Device(at::kCPU), at::kFloat, 1};
  Ranks ranks{RankOptions(), session, world};
};

}  // namespace prelude::test
