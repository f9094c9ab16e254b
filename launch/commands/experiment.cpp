#include "launch/commands/experiment.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/delta/prompt_file.h"
#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/folder_lock.h"
#include "dist/text.h"
#include "launch/experiment/cell_store.h"
#include "launch/experiment/progress_table.h"
#include "launch/experiment/report.h"
#include "launch/telemetry/progress.h"
#include "launch/train/stop_signal.h"
#include "launch/tune/lab.h"
#include "launch/version.h"

namespace prelude {
namespace {

bool same_but_seed(const CellKey& a, CellKey b) {
  b.seed = a.seed;
  return a == b;
}

// One experiment under way, on every rank.
class Experiment {
 public:
  Experiment(const ExperimentOptions& options, const Session& session, const Ranks& ranks)
      : options_(options), ranks_(ranks), lab_(options, session, ranks), store_(options.output), cells_(lab_.cells()) {
    for (const CellKey& key : cells_) progress_.push_back({key, CellState::waiting});
    find_missing();
  }

  // False: stopped by a signal.
  bool run(const StopSignal& signal) {
    say_start();
    const MeshPlace& place = ranks_.mesh().place;
    const auto ranks = static_cast<std::size_t>(place.data_size);
    for (std::size_t begin = 0; begin < missing_.size(); begin += ranks) {
      for (std::size_t i = begin; i < std::min(begin + ranks, missing_.size()); ++i) {
        progress_[missing_[i]].state = CellState::running;
      }
      const std::size_t mine = begin + static_cast<std::size_t>(place.data_rank);
      if (mine < missing_.size()) run_cell(cells_[missing_[mine]], signal);
      if (agree_to_stop(signal)) return false;
      end_round(begin, std::min(begin + ranks, missing_.size()));
    }
    return true;
  }

  // Majority votes over the seeds, by the ranks of the first copy of the backbone.
  nlohmann::ordered_json ensembles() const {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (std::size_t begin = 0; begin < cells_.size();) {
      std::size_t end = begin;
      std::vector<at::Tensor> prompts;
      const CellKey key = cells_[begin];
      for (; end < cells_.size() && same_but_seed(cells_[end], key); ++end) {
        const std::string path = store_.prompt_path(cells_[end]);
        if (std::filesystem::exists(path)) prompts.push_back(read_prompt(path).rows);
      }
      begin = end;
      if (prompts.size() < 2) continue;
      const Scores scores = lab_.ensemble(key, at::stack(prompts));
      all.push_back({{"data", key.data},
                     {"method", key.method},
                     {"shots", key.shots},
                     {"rate", key.rate},
                     {"prompts", prompts.size()},
                     {"accuracy", scores.accuracy},
                     {"macro_f1", scores.macro_f1},
                     {"examples", scores.examples}});
    }
    return all;
  }

  // The finished cells, by the first rank.
  Results results() const {
    Results results;
    results.configuration = config_of(options_);
    results.version = fmt::format("prelude {} ({})", version(), revision());
    for (const DataSet& data : lab_.data_sets()) results.baselines.push_back(data.baseline());
    for (const CellKey& key : cells_) {
      if (auto cell = store_.load(key, lab_.identity(key.data))) results.cells.push_back(std::move(*cell));
    }
    return results;
  }

 private:
  void say(const std::string& text) const {
    if (ranks_.first()) std::fputs(fmt::format("{}\n", text).c_str(), stderr);
  }

  // A cell that failed is tried again.
  void find_missing() {
    std::string list;
    if (ranks_.first()) {
      for (std::size_t i = 0; i < cells_.size(); ++i) {
        const auto cell = store_.load(cells_[i], lab_.identity(cells_[i].data));
        if (!cell || cell->failed) list += fmt::format("{} ", i);
      }
    }
    list = broadcast_text(ranks_.world().group(), list);
    for (std::size_t begin = 0; begin < list.size(); begin = list.find(' ', begin) + 1) {
      missing_.push_back(std::stoul(list.substr(begin)));
    }
    for (CellProgress& cell : progress_) cell.state = CellState::done;
    for (const std::size_t i : missing_) progress_[i].state = CellState::waiting;
  }

  void say_start() const {
    say(fmt::format("prelude {} ({}) on {}, {}, {} threads", version(), revision(), options_.session.device,
                    options_.session.dtype, options_.session.threads));
    for (const std::string& note : lab_.notes()) say(note);
    say(fmt::format("{} cells, {} of them to be computed by {} ranks; results go to {}", cells_.size(), missing_.size(),
                    ranks_.world().size(), options_.output));
  }

  void run_cell(const CellKey& key, const StopSignal& signal) {
    const bool alone = ranks_.mesh().place.tensor_size == 1;
    std::optional<CellResult> result;
    std::unique_ptr<Tuned> tuned;
    try {
      result = lab_.run(
          key, [&] { return alone && signal.requested(); }, &tuned);
    } catch (const std::exception& error) {
      result = CellResult{};
      result->key = key;
      result->failed = true;
      result->error = error.what();
    }
    if (!result || ranks_.mesh().place.tensor_rank != 0) return;
    if (tuned && !method_named(key.method).trains_backbone()) save_prompt(key, *tuned);
    store_.save(*result, lab_.identity(key.data));
  }

  void save_prompt(const CellKey& key, const Tuned& tuned) const {
    const std::string path = store_.prompt_path(key);
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    Prompt prompt;
    prompt.rows = tuned.flat().to(at::Device(at::kCPU), at::kFloat).view({-1, tuned.model().config().d_model});
    write_prompt_array(path, prompt);
  }

  bool agree_to_stop(const StopSignal& signal) const {
    at::Tensor votes = at::full({1}, signal.requested() ? 1 : 0, at::kLong);
    ranks_.world().group().all_reduce_sum(votes);
    return votes.item<std::int64_t>() > 0;
  }

  void end_round(std::size_t begin, std::size_t end) {
    if (!ranks_.first()) return;
    for (std::size_t i = begin; i < end; ++i) {
      const CellKey& key = cells_[missing_[i]];
      const auto cell = store_.load(key, lab_.identity(key.data));
      ensure(cell.has_value(), "cell {} was not saved", key.name());
      progress_[missing_[i]].state = cell->failed ? CellState::failed : CellState::done;
      const Measure measure = measure_of(options_);
      const std::string outcome =
          cell->failed ? fmt::format("failed: {}", cell->error)
                       : fmt::format("dev {:.3f} at step {}, test {:.3f}, {}", measured(cell->dev, measure),
                                     cell->best_step, measured(cell->test, measure), duration_text(cell->seconds));
      say(fmt::format("{}/{} {}: {}", i + 1, missing_.size(), key.name(), outcome));
    }
    if (std::chrono::steady_clock::now() < next_table_) return;
    next_table_ = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    say(progress_table(progress_));
  }

  const ExperimentOptions& options_;
  const Ranks& ranks_;
  Lab lab_;
  CellStore store_;
  std::vector<CellKey> cells_;
  std::vector<std::size_t> missing_;  // of cells_
  std::vector<CellProgress> progress_;
  std::chrono::steady_clock::time_point next_table_ = std::chrono::steady_clock::now() + std::chrono::seconds(10);
};

std::string reference_of(const ExperimentOptions& options) {
  if (!options.reference.empty()) return options.reference;
  const auto methods = words_of(options.methods, "methods");
  return std::count(methods.begin(), methods.end(), "pt") > 0 ? "pt" : "";
}

int report(const ExperimentOptions& options, const Results& results) {
  const TableOptions table{measure_of(options), reference_of(options)};
  write_report(options.output, results, {table});
  std::fputs(plain_text(make_table(results, table)).c_str(), stdout);
  const auto failed = std::count_if(results.cells.begin(), results.cells.end(), [](const auto& c) { return c.failed; });
  if (failed == 0) return exit_done;
  std::fputs(fmt::format("{} of {} cells failed; {}/results.json says why. Run again to try them again.\n", failed,
                         results.cells.size(), options.output)
                 .c_str(),
             stderr);
  return exit_failure;
}

int run_experiment(const ExperimentOptions& given, World& world) {
  const StopSignal signal;
  require_same_launch(world, config_of(given));
  ExperimentOptions options = given;
  std::optional<FolderLock> lock;
  if (world.first()) lock.emplace(options.output, "another experiment");
  const Session session = open_session(options.session, options.ranks, world);
  const Ranks ranks(options.ranks, session, world);
  Experiment experiment(options, session, ranks);
  if (world.first()) write_file_atomically(fmt::format("{}/config.ini", options.output), config_of(options));
  if (!experiment.run(signal)) {
    if (world.first()) std::fputs("stopped; run the same command again to go on\n", stderr);
    return exit_stopped;
  }
  const bool votes = options.ensembles && ranks.mesh().place.data_rank == 0;
  const nlohmann::ordered_json ensembles = votes ? experiment.ensembles() : nlohmann::ordered_json();
  if (!world.first()) return exit_done;
  const int code = report(options, experiment.results());
  if (votes) write_file_atomically(fmt::format("{}/ensembles.json", options.output), ensembles.dump(1) + "\n");
  for (const auto& vote : ensembles) std::fputs((vote.dump() + "\n").c_str(), stdout);
  return code;
}

}  // namespace

Command experiment_command() {
  Command command = make_command<ExperimentOptions>(
      "experiment", "tunes methods on data sets with several seeds: tables and pictures", declare, run_experiment);
  // `prelude experiment FILE.ini` is short for --config FILE.ini.
  command.run = [run = command.run](const std::vector<std::string>& arguments, World& world) {
    std::vector<std::string> all = arguments;
    if (!all.empty() && !all.front().starts_with("-")) all.insert(all.begin(), "--config");
    return run(all, world);
  };
  return command;
}

}  // namespace prelude
