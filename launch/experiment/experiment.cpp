#include "launch/experiment/experiment.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "core/delta/prompt_file.h"
#include "core/error.h"
#include "core/io/checksum.h"
#include "core/io/folders.h"
#include "dist/collective_error.h"
#include "dist/text.h"
#include "launch/telemetry/progress.h"
#include "launch/version.h"

namespace prelude {
namespace {

std::string text_of(const CellResult& cell) {
  return to_json(cell).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string bytes_of(const at::Tensor& tensor) {
  const at::Tensor plain = tensor.to(at::Device(at::kCPU), at::kFloat).contiguous();
  return {static_cast<const char*>(plain.const_data_ptr()), plain.nbytes()};
}

at::Tensor tensor_of(const std::string& bytes) {  // [N] float32
  at::Tensor tensor = at::empty({static_cast<std::int64_t>(bytes.size() / sizeof(float))}, at::kFloat);
  std::memcpy(tensor.mutable_data_ptr(), bytes.data(), tensor.nbytes());
  return tensor;
}

CellResult failed_cell(const CellKey& key, const std::string& error) {
  CellResult cell;
  cell.key = key;
  cell.failed = true;
  cell.error = error;
  cell.revision = revision();
  return cell;
}

// The place of `value` in `seen`, where it is put last if it is new.
template <typename T>
std::size_t place_in(std::vector<T>& seen, const T& value) {
  const auto found = std::find(seen.begin(), seen.end(), value);
  const auto place = static_cast<std::size_t>(found - seen.begin());
  if (found == seen.end()) seen.push_back(value);
  return place;
}

// Data sets, methods and so on in the order in which they stand in `before`, new ones after them.
void sort_as(Results& results, const Results& before) {
  std::vector<std::string> data;
  std::vector<std::string> methods;
  std::vector<std::int64_t> shots;
  std::vector<double> rates;
  std::vector<std::uint64_t> seeds;
  const auto order = [&](const CellKey& key) {
    return std::tuple(place_in(data, key.data), place_in(methods, key.method), place_in(shots, key.shots),
                      place_in(rates, key.rate), place_in(seeds, key.seed));
  };
  for (const CellResult& cell : before.cells) static_cast<void>(order(cell.key));
  for (const CellResult& cell : results.cells) static_cast<void>(order(cell.key));
  std::sort(results.cells.begin(), results.cells.end(),
            [&](const CellResult& a, const CellResult& b) { return order(a.key) < order(b.key); });
  std::sort(results.baselines.begin(), results.baselines.end(),
            [&](const Baseline& a, const Baseline& b) { return place_in(data, a.data) < place_in(data, b.data); });
}

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
    std::string rows;
    std::optional<CellResult> cell;
    if (mine < end) cell = compute(mine, signal, rows);
    const bool sends = cell && place.tensor_rank == 0;
    ranks_.world().wait_for_all();  // cells take unlike times
    Communicator& group = ranks_.world().group();
    const auto all = gather_texts(group, sends ? text_of(*cell) : "");
    const auto all_rows = gather_texts(group, sends ? rows : "");
    if (ranks_.first()) end_round(begin, end, all, all_rows);
    if (agree_to_stop(signal)) return false;
  }
  return true;
}

nlohmann::ordered_json Experiment::ensembles() const {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (std::size_t begin = 0; begin < cells_.size();) {
    std::size_t end = begin;
    const CellKey key = cells_[begin];
    while (end < cells_.size() && same_but_seed(cells_[end], key)) ++end;
    ranks_.world().wait_for_all();  // the first ones score alone
    const std::string rows = broadcast_text(ranks_.world().group(), ranks_.first() ? prompts_of(begin, end) : "");
    begin = end;
    if (rows.empty() || ranks_.mesh().place.data_rank != 0) continue;
    const at::Tensor prompts = tensor_of(rows).view({-1, lab_.prompt_length(key), lab_.d_model()});
    const Scores scores = lab_.ensemble(key, prompts);
    all.push_back({{"common", lab_.identity(key).common},
                   {"data", key.data},
                   {"method", key.method},
                   {"shots", key.shots},
                   {"rate", key.rate},
                   {"prompts", prompts.size(0)},
                   {"accuracy", scores.accuracy},
                   {"macro_f1", scores.macro_f1},
                   {"examples", scores.examples}});
  }
  return all;
}

// The bytes of the prompts of cells that differ in their seed alone; empty where there are fewer than two.
std::string Experiment::prompts_of(std::size_t begin, std::size_t end) const {
  std::string bytes;
  int prompts = 0;
  for (std::size_t i = begin; i < end; ++i) {
    const auto cell = stored(cells_[i]);
    const std::string path = store_.prompt_path(cells_[i]);
    if (!cell || cell->failed || !std::filesystem::exists(path)) continue;
    bytes += bytes_of(read_prompt(path).rows);
    ++prompts;
  }
  return prompts < 2 ? "" : bytes;
}

Results Experiment::results(const Results& before) const {
  Results results;
  results.configuration = config_of(options_);
  results.version = fmt::format("prelude {} ({})", version(), revision());
  for (const DataSet& data : lab_.data_sets()) results.baselines.push_back(data.baseline());
  for (const CellKey& key : cells_) {
    if (auto cell = stored(key)) results.cells.push_back(std::move(*cell));
  }
  for (CellResult& cell : store_.others(lab_.identity(cells_.front()).common, cells_)) {
    const Baseline* baseline = before.baseline(cell.key.data);
    if (results.baseline(cell.key.data) == nullptr && baseline != nullptr) results.baselines.push_back(*baseline);
    results.cells.push_back(std::move(cell));
  }
  sort_as(results, before);
  return results;
}

void Experiment::say(const std::string& text) const {
  if (ranks_.first()) std::fputs(fmt::format("{}\n", text).c_str(), stderr);
}

void Experiment::say_start() const {
  say(fmt::format("prelude {} ({}) on {}, {}, {} threads", version(), revision(), options_.session.device,
                  options_.session.dtype, options_.session.threads));
  for (const std::string& note : lab_.notes()) say(note);
  for (const std::string& problem : lab_.draw_problems()) say(fmt::format("warning: {}", problem));
  say(fmt::format("{} cells, {} of them to be computed by {} ranks; results go to {}", cells_.size(), missing_.size(),
                  ranks_.world().size(), options_.output));
}

std::optional<CellResult> Experiment::stored(const CellKey& key) const {
  return store_.load(key, lab_.identity(key).whole);
}

// A cell that failed is tried again.
void Experiment::find_missing() {
  std::string list;
  for (std::size_t i = 0; ranks_.first() && i < cells_.size(); ++i) {
    store_.choose(cells_[i], lab_.identity(cells_[i]).whole);
    const auto cell = stored(cells_[i]);
    if (!cell || cell->failed) list += fmt::format("{} ", i);
  }
  list = broadcast_text(ranks_.world().group(), list);
  for (std::size_t begin = 0; begin < list.size(); begin = list.find(' ', begin) + 1) {
    missing_.push_back(std::stoul(list.substr(begin)));
  }
}

std::optional<CellResult> Experiment::compute(std::size_t missing, const StopSignal& signal, std::string& rows) const {
  const CellKey& key = cells_[missing_[missing]];
  ProgressBar bar(fmt::format("cell {}/{}", missing + 1, missing_.size()), "steps", options_.steps);
  std::int64_t begun = 0;
  std::optional<CellResult> result;
  std::unique_ptr<Tuned> tuned;
  std::exception_ptr failure;
  std::string error;
  try {
    TuningWatch watch;
    watch.stop = [&] {
      if (ranks_.first()) bar.update(++begun);
      return signal.requested();
    };
    result = lab_.run(key, watch, &tuned);
    if (result && !method_named(key.method).trains_backbone()) rows = bytes_of(tuned->flat());
  } catch (const CollectiveError&) {
    throw;  // the ranks do not find together any more
  } catch (const std::exception& caught) {
    failure = std::current_exception();
    error = *caught.what() == '\0' ? "an exception without a word" : caught.what();
  }
  if (begun > 0) bar.finish();
  const std::optional<std::string> agreed = ranks_.agreed_error(error);
  if (!agreed) std::rethrow_exception(failure);
  if (!agreed->empty()) result = failed_cell(key, *agreed);
  return result;
}

void Experiment::save(const CellResult& cell, const std::string& rows) const {
  std::string hash;
  if (!rows.empty()) {
    const std::string path = store_.prompt_path(cell.key);
    make_folders(folder_of(path));
    Prompt prompt;
    prompt.rows = tensor_of(rows).view({-1, lab_.d_model()});
    write_prompt_array(path, prompt);
    hash = xxh3_128_of_file(path);
  }
  store_.save(cell, lab_.identity(cell.key), hash);
}

bool Experiment::agree_to_stop(const StopSignal& signal) const {
  at::Tensor votes = at::full({1}, signal.requested() ? 1 : 0, at::kLong);
  ranks_.world().group().all_reduce_sum(votes);
  return votes.item<std::int64_t>() > 0;
}

void Experiment::end_round(std::size_t begin, std::size_t end, const std::vector<std::string>& cells,
                           const std::vector<std::string>& rows) {
  const auto tensor_size = static_cast<std::size_t>(ranks_.mesh().place.tensor_size);
  for (std::size_t i = begin; i < end; ++i) {
    const std::size_t rank = (i - begin) * tensor_size;
    if (cells.at(rank).empty()) continue;  // stopped
    const CellResult cell = parse_cell(fmt::format("the cell of rank {}", rank), cells[rank]);
    save(cell, rows.at(rank));
    progress_[missing_[i]].state = cell.failed ? CellState::failed : CellState::done;
    say_cell(i, cell);
  }
  if (Clock::now() < next_table_) return;
  next_table_ = Clock::now() + std::chrono::seconds(60);
  say(progress_table(progress_));
}

void Experiment::say_cell(std::size_t i, const CellResult& cell) const {
  const Measure measure = measure_of(options_);
  const std::string outcome =
      cell.failed ? fmt::format("failed: {}", cell.error)
                  : fmt::format("dev {:.3f} at step {}, test {:.3f}, {}", measured(cell.dev, measure), cell.best_step,
                                measured(cell.test, measure), duration_text(cell.seconds));
  say(fmt::format("{}/{} {}: {}", i + 1, missing_.size(), cell.key.name(), outcome));
}

}  // namespace prelude
