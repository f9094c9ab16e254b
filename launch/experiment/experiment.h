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

// One experiment under way, on every rank. The data-parallel ranks compute whole cells, one each a round, and agree
// after a round whether to stop: cells of a round are alike but for their seeds, so that nobody waits long.
class Experiment {
 public:
  // Finds out which cells are missing. `options` and `ranks` outlive this. Throws as Lab does, and where a file of a
  // finished cell is damaged.
  Experiment(const ExperimentOptions& options, const Session& session, const Ranks& ranks);

  // Computes what is missing; a cell that fails is saved as such. False: stopped by a signal at some rank. A
  // collective.
  bool run(const StopSignal& signal);

  // Test scores of the seeds' prompts together, one object a method, data set, number of shots and rate; by the ranks
  // of one copy of the backbone.
  nlohmann::ordered_json ensembles() const;
  // All cells that are there.
  Results results() const;

 private:
  using Clock = std::chrono::steady_clock;

  void say(const std::string& text) const;
  void say_start() const;
  void find_missing();
  std::optional<CellResult> stored(const CellKey& key) const;
  void run_cell(const CellKey& key, const StopSignal& signal);
  void save_prompt(const CellKey& key, const Tuned& tuned) const;
  bool agree_to_stop(const StopSignal& signal) const;
  void end_round(std::size_t begin, std::size_t end);

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
