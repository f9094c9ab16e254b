// A tiny tokenizer, corpus and config.json on disk, and runs of `prelude lm` on them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/launch/program.h"
#include "tests/temporary_folder.h"

namespace prelude::test {

class LmBench {
 public:
  LmBench();

  using Options = std::map<std::string, std::string>;

  std::string path(const std::string& name) const { return folder_ / name; }
  std::string tokenizer() const { return path("tokenizer/spiece.model"); }
  // `prelude lm` into the folder `run`: 40 steps from random weights, a fraction of a second. `more` replaces options
  // of the same name and adds; an empty value takes one away.
  std::vector<std::string> arguments(const std::string& run, const Options& more = {}) const;
  ProgramResult lm(const std::string& run, const Options& more = {}) const;
  // Starts it, and returns once metrics.jsonl tells of `step`, or the program has ended.
  std::unique_ptr<RunningProgram> start_until(const std::string& run, std::int64_t step,
                                              const Options& more = {}) const;

  std::vector<nlohmann::ordered_json> metrics(const std::string& run) const;  // without times
  double last_validation(const std::string& run) const;
  std::string weights(const std::string& run) const;  // the bytes of the backbone that it wrote
  std::string newest_checkpoint(const std::string& run) const;
  // A config.json of the tiny shape, other fields as `changes` (a JSON object) says.
  std::string config(const std::string& name, const nlohmann::json& changes) const;

 private:
  void write_text() const;

  TemporaryFolder folder_;
};

}  // namespace prelude::test
