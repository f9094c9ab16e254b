#pragma once

#include <string>
#include <vector>

#include "launch/command.h"
#include "launch/ranks.h"

namespace prelude::test {

// What a command is given where no launcher started it: one rank, on the CPU with one thread.
struct OneRank {
  World world;
  Session session{at::Device(at::kCPU), at::kFloat, 1};
  Ranks ranks{RankOptions(), session, world};
};

// What is typed, without mpirun.
inline int run_alone(const Command& command, const std::vector<std::string>& arguments) {
  World world;
  return command.run(arguments, world);
}

}  // namespace prelude::test
