#include "launch/experiment/experiment.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/delta/prompt_file.h"
#include "core/error.h"
#include "dist/text.h"
#include "launch/telemetry/progress.h"
#include "launch/version.h"

namespace prelude {
namespace {

bool same_but_seed(const CellKey& a, CellKey b) {
  b.seed = a.seed;
  return a == b;
}

}  // namespace

Experiment::Experiment(const ExperimentOptions& options, const Session& session, const Ranks& ranks)
    : options_(options), ranks_(ranks), lab_(options, session, ranks), store_(options.output), cells_(lab_.cells()) {
  for (const CellKey& key : cells_) progress_.push_back({key, CellState::done});
  find_missing();
  for (const std::size_t i : missing_) progress_[i].state = CellState::waiting;
}

bool Experiment::run(const StopSignal& signal) {
  say_start();
  const MeshPlace& place = ranks_.mesh().place;
  const auto ranks = static_cast<std::size_t>(place.data_size);
  for (std::size_t begin = 0; begin < missing_.size(); begin += ranks) {
    const std::size_t end = std::min(begin + ranks, missing_.size());
    for (std::size_t i = begin; i < end; ++i) progress_[missing_[i]].state = CellState::running;
    const std::size_t mine = begin + static_cast<std::size_t>(place.data_rank);
    if (mine < end) run_cell(cells_[missing_[mine]], signal);
    if (agree_to_stop(signal)) return false;
    if (ranks_.first()) end_round(begin, end);
  }
  return true;
}

nlohmann::ordered_json Experiment::ensembles() const {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (std::size_t begin = 0; begin < cells_.size();) {
    std::size_t end = begin;
    std::vector<at::Tensor> prompts;
    const CellKey key = cells_[begin];
    for (; end < cells_.size() && same_but_seed(cells_[end], key); ++end) {
      const auto cell = stored(cells_[end]);
      if (cell && !cell->failed && std::filesystem::exists(store_.prompt_path(cell->key)))
        prompts.push_back(read_prompt(store_.prompt_path(cell->key)).rows);
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

Results Experiment::results() const {
  Results results;
  results.configuration = config_of(options_);
  results.version = fmt::format("prelude {} ({})", version(), revision());
  for (const DataSet& data : lab_.data_sets()) results.baselines.push_back(data.baseline());
  for (const CellKey& key : cells_) {
    if (auto cell = stored(key)) results.cells.push_back(std::move(*cell));
  }
  return results;
}

void Experiment::say(const std::string& text) const {
  if (ranks_.first()) std::fputs(fmt::format("{}\n", text).c_str(), stderr);
}

void Experiment::say_start() const {
  say(fmt::format("prelude {} ({}) on {}, {}, {} threads", version(), revision(), options_.session.device,
                  options_.session.dtype, options_.session.threads));
  for (const std::string& note : lab_.notes()) say(note);
  say(fmt::format("{} cells, {} of them to be computed by {} ranks; results go to {}", cells_.size(), missing_.size(),
                  ranks_.world().size(), options_.output));
}

std::optional<CellResult> Experiment::stored(const CellKey& key) const { return store_.load(key, lab_.identity(key)); }

// A cell that failed is tried again.
void Experiment::find_missing() {
  std::string list;
  for (std::size_t i = 0; ranks_.first() && i < cells_.size(); ++i) {
    const auto cell = stored(cells_[i]);
    if (!cell || cell->failed) list += fmt::format("{} ", i);
  }
  list = broadcast_text(ranks_.world().group(), list);
  for (std::size_t begin = 0; begin < list.size(); begin = list.find(' ', begin) + 1) {
    missing_.push_back(std::stoul(list.substr(begin)));
  }
}

void Experiment::run_cell(const CellKey& key, const StopSignal& signal) {
  // Ranks that hold one backbone together stop together, between cells.
  const bool alone = ranks_.mesh().place.tensor_size == 1;
  std::optional<CellResult> result;
  std::unique_ptr<Tuned> tuned;
  try {
    TuningWatch watch;
    watch.stop = [&] { return alone && signal.requested(); };
    result = lab_.run(key, watch, &tuned);
  } catch (const std::exception& error) {
    result = CellResult{};
    result->key = key;
    result->failed = true;
    result->error = error.what();
  }
  if (!result || ranks_.mesh().place.tensor_rank != 0) return;
  if (tuned && !method_named(key.method).trains_backbone()) save_prompt(key, *tuned);
  store_.save(*result, lab_.identity(key));
}

void Experiment::save_prompt(const CellKey& key, const Tuned& tuned) const {
  const std::string path = store_.prompt_path(key);
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  Prompt prompt;
  prompt.rows = tuned.flat().to(at::Device(at::kCPU), at::kFloat).view({-1, tuned.model().config().d_model});
  write_prompt_array(path, prompt);
}

bool Experiment::agree_to_stop(const StopSignal& signal) const {
  at::Tensor votes = at::full({1}, signal.requested() ? 1 : 0, at::kLong);
  ranks_.world().group().all_reduce_sum(votes);
  return votes.item<std::int64_t>() > 0;
}

void Experiment::end_round(std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    const CellKey& key = cells_[missing_[i]];
    const auto cell = stored(key);
    ensure(cell.has_value(), "cell {} was not saved", key.name());
    progress_[missing_[i]].state = cell->failed ? CellState::failed : CellState::done;
    const Measure measure = measure_of(options_);
    const std::string outcome =
        cell->failed ? fmt::format("failed: {}", cell->error)
                     : fmt::format("dev {:.3f} at step {}, test {:.3f}, {}", measured(cell->dev, measure),
                                   cell->best_step, measured(cell->test, measure), duration_text(cell->seconds));
    say(fmt::format("{}/{} {}: {}", i + 1, missing_.size(), key.name(), outcome));
  }
  if (Clock::now() < next_table_) return;
  next_table_ = Clock::now() + std::chrono::seconds(60);
  say(progress_table(progress_));
}

}  // namespace prelude
