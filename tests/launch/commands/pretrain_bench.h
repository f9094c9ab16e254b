// A tiny backbone and corpus on disk, and runs of `prelude pretrain` on them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/launch/program.h"
#include "tests/temporary_folder.h"

namespace prelude::test {

class PretrainBench {
 public:
  PretrainBench();

  std::string path(const std::string& name) const { return folder_ / name; }
  // `prelude pretrain` into the folder `run` with small settings; `more` replaces those of the same name and adds.
  std::vector<std::string> arguments(const std::string& run, const std::vector<std::string>& more = {}) const;
  ProgramResult pretrain(const std::string& run, const std::vector<std::string>& more = {}) const;
  // Starts it, and returns once metrics.jsonl tells of `step`, or the program has ended.
  std::unique_ptr<RunningProgram> start_until(const std::string& run, std::int64_t step,
                                              const std::vector<std::string>& more = {}) const;

  // metrics.jsonl without the fields that time decides, a line each.
  std::vector<std::string> metrics(const std::string& run) const;
  // The bytes of a prompt's numbers: `which` is "prompt" or "prompt-best".
  std::string prompt_bytes(const std::string& run, const std::string& which) const;
  std::int64_t last_step(const std::string& run) const;  // -1: none yet

  // Another backbone of the same shape in place of the first.
  void write_backbone(std::uint64_t seed, bool broken = false) const;

 private:
  TemporaryFolder folder_;
};

}  // namespace prelude::test
