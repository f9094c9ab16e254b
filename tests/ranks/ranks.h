// The program under mpirun, and its processes one by one.
#pragma once

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/launch/program.h"
#include "tests/temporary_folder.h"

namespace prelude::test {

// Words for RunningProgram(PRELUDE_MPIRUN, ...): so many ranks, more than there are cores at need.
inline std::vector<std::string> with_ranks(int ranks, const std::vector<std::string>& arguments) {
  std::vector<std::string> words{
      "-n",  std::to_string(ranks), "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "--mca",
      "btl", "self,vader,tcp",      PRELUDE_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

inline ProgramResult run_ranks(int ranks, const std::vector<std::string>& arguments) {
  return RunningProgram(PRELUDE_MPIRUN, with_ranks(ranks, arguments)).wait();
}

inline bool process_lives(int process) { return ::kill(process, 0) == 0; }

// The process that is `rank` of the job that this mpirun started; 0: there is none (yet).
inline int process_of_rank(int mpirun, int rank) {
  std::istringstream children(
      read_file("/proc/" + std::to_string(mpirun) + "/task/" + std::to_string(mpirun) + "/children"));
  const std::string wanted = "OMPI_COMM_WORLD_RANK=" + std::to_string(rank);
  for (int child = 0; children >> child;) {
    std::istringstream words(read_file("/proc/" + std::to_string(child) + "/environ"));
    for (std::string word; std::getline(words, word, '\0');) {
      if (word == wanted) return child;
    }
  }
  return 0;
}

// Waits for `condition`, a minute at most; whether it came.
template <typename Condition>
bool wait_for(const Condition& condition) {
  for (int i = 0; i < 6000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return condition();
}

}  // namespace prelude::test
