#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "launch/experiment/cell_store.h"
#include "launch/experiment/experiment_options.h"
#include "launch/experiment/progress_table.h"
#include "launch/experiment/results.h"
#include "launch/train/stop_signal.h"
#include "launch/tune/lab.h"

namespace prelude {

// One experiment under way, on every rank. The data-parallel ranks compute whole cells, one each a round, and send them
// to the first rank, which alone reads and writes the experiment's folder. Cells of a round are alike but for their
// seeds, so that nobody waits long.
class Experiment {
 public:
  // Finds out which cells are missing. `options` and `ranks` outlive this. Throws as Lab does, and where a file of a
  // finished cell is damaged.
  Experiment(const ExperimentOptions& options, const Session& session, const Ranks& ranks);

  // Computes what is missing; a cell that fails is saved as such. False: stopped by a signal at some rank. A
  // collective.
  bool run(const StopSignal& signal);

  // Test scores of the seeds' prompts together, one object for each method, data set, number of shots and rate: on the
  // first rank, by the ranks of its copy of the backbone. A collective.
  nlohmann::ordered_json ensembles() const;
  // On the first rank: all cells that were asked for, and those that earlier commands computed with the same backbone
  // and options, in the order of `before`, what results.json held.
  Results results(const Results& before) const;

 private:
  using Clock = std::chrono::steady_clock;

  void say(const std::string& text) const;
  void say_start() const;
  void find_missing();
  std::optional<CellResult> stored(const CellKey& key) const;
  std::string prompts_of(std::size_t begin, std::size_t end) const;
  // What a missing cell came to; nothing where it was stopped. `rows`: the bytes of the tuned prompt.
  std::optional<CellResult> compute(std::size_t missing, const StopSignal& signal, std::string& rows) const;
  void save(const CellResult& cell, const std::string& rows) const;
  bool agree_to_stop(const StopSignal& signal) const;
  void end_round(std::size_t begin, std::size_t end, const std::vector<std::string>& cells,
                 const std::vector<std::string>& rows);
  void say_cell(std::size_t i, const CellResult& cell) const;

  const ExperimentOptions& options_;
  const Ranks& ranks_;
  Lab lab_;
  CellStore store_;
  std::vector<CellKey> cells_;
  std::vector<std::size_t> missing_;  // of cells_
  std::vector<CellProgress> progress_;
  Clock::time_point next_table_ = Clock::now() + std::chrono::seconds(10);
};

}  // namespace prelude
