// A tiny random backbone, a data set of a user's own (films that are good or bad) and experiments on them.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/launch/program.h"
#include "tests/temporary_folder.h"

namespace prelude::test {

class ExperimentBench {
 public:
  ExperimentBench();

  using Options = std::map<std::string, std::vector<std::string>>;

  std::string path(const std::string& name) const { return folder_ / name; }
  // `prelude experiment` into the folder `output`: 2 methods, 2 seeds, 12 steps; some seconds. `more` replaces options
  // of the same name and adds; an empty list takes one away, an empty text makes a flag.
  std::vector<std::string> arguments(const std::string& output, const Options& more = {}) const;
  ProgramResult run(const std::string& output, const Options& more = {}) const;
  // results.json without what a run may differ in: times, version, configuration.
  nlohmann::json results(const std::string& output) const;
  // Files of finished cells.
  std::size_t cells(const std::string& output) const;
  // A copy of the row's file with this line in place of the one that begins with `key`; empty: without it.
  std::string row(const std::string& name, const std::string& key, const std::string& line) const;

 private:
  void write_data() const;

  TemporaryFolder folder_;
};

}  // namespace prelude::test
