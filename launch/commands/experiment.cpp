#include "launch/commands/experiment.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/mapped_file.h"
#include "core/io/output_folder.h"
#include "core/io/shallow_json.h"
#include "core/io/whole_file.h"
#include "launch/experiment/experiment.h"
#include "launch/experiment/report.h"
#include "launch/standard_output.h"
#include "launch/version.h"

namespace prelude {
namespace {

constexpr std::size_t largest_results = std::size_t{1} << 28;

std::string results_path(const ExperimentOptions& options) { return fmt::format("{}/results.json", options.output); }

// What the folder's results.json holds; nothing where there is none, or it is damaged: it is made anew out of the
// cells.
Results results_before(const ExperimentOptions& options) {
  const std::string path = results_path(options);
  if (!std::filesystem::exists(path)) return {};
  try {
    const MappedFile file = MappedFile::open(path);
    require(file.size() <= largest_results, "'{}' has {} bytes", path, file.size());
    return parse_results(path, file.text());
  } catch (const UserError& error) {
    fmt::print(stderr, "warning: {}; it is written anew\n", error.what());
    return {};
  }
}

std::string reference_of(const ExperimentOptions& options, const Results& results) {
  if (!options.reference.empty()) return options.reference;
  const auto is_pt = [](const CellResult& cell) { return cell.key.method == "pt"; };
  return std::any_of(results.cells.begin(), results.cells.end(), is_pt) ? "pt" : "";
}

// The votes of now, and those that an earlier command with the same backbone and options wrote of other methods, data
// sets, shots or rates.
nlohmann::ordered_json with_earlier_votes(const std::string& path, nlohmann::ordered_json votes) {
  if (!std::filesystem::exists(path)) return votes;
  const auto key_of = [](const nlohmann::ordered_json& vote) {
    return fmt::format("{} {} {} {}", vote.value("data", ""), vote.value("method", ""), vote.value("shots", 0),
                       vote.value("rate", 0.0));
  };
  std::set<std::string> keys;
  std::string common;
  for (const auto& vote : votes) {
    keys.insert(key_of(vote));
    common = vote.value("common", "");
  }
  constexpr int deepest = 3;
  for (const auto& vote : parse_shallow_array(path, read_whole_file(path, largest_results), deepest)) {
    if (!vote.is_object() || vote.value("common", "") != common) continue;
    if (keys.insert(key_of(vote)).second) votes.emplace_back(vote);
  }
  return votes;
}

// Cells that were computed by another revision of the program.
void say_revisions(const Results& results) {
  std::map<std::string, int> others;
  for (const CellResult& cell : results.cells) {
    if (cell.revision != revision()) ++others[cell.revision.empty() ? "not recorded" : cell.revision];
  }
  for (const auto& [name, count] : others) {
    fmt::print(stderr, "note: {} of {} cells were computed by another revision of the program ({}; this is {})\n",
               count, results.cells.size(), name, revision());
  }
}

int report(const ExperimentOptions& options, const Results& results) {
  const TableOptions table{measure_of(options), reference_of(options, results)};
  say_revisions(results);
  write_report(options.output, results, {table});
  write_out(plain_text(make_table(results, table)));
  const auto failed = std::count_if(results.cells.begin(), results.cells.end(), [](const auto& c) { return c.failed; });
  if (failed == 0) return exit_done;
  std::fputs(fmt::format("{} of {} cells failed; {} says why. Run again to try them again.\n", failed,
                         results.cells.size(), results_path(options))
                 .c_str(),
             stderr);
  return exit_failure;
}

int run_experiment(const ExperimentOptions& given, World& world) {
  const StopSignal signal;
  check(given);
  ExperimentOptions options = given;
  std::optional<OutputFolder> folder;
  if (world.first()) folder.emplace(options.output, FolderKind::experiment);
  const Session session = open_session(options.session, options.ranks, world);
  const Ranks ranks(options.ranks, session, world);
  const Results before = world.first() ? results_before(options) : Results();
  Experiment experiment(options, session, ranks);
  if (world.first()) write_file_atomically(fmt::format("{}/config.ini", options.output), config_of(options));
  if (!experiment.run(signal)) {
    if (world.first()) std::fputs("stopped; run the same command again to go on\n", stderr);
    return exit_stopped;
  }
  const nlohmann::ordered_json ensembles = options.ensembles ? experiment.ensembles() : nlohmann::ordered_json();
  if (!world.first()) return exit_done;
  const int code = report(options, experiment.results(before));
  if (options.ensembles) {
    const std::string path = fmt::format("{}/ensembles.json", options.output);
    write_file_atomically(path, with_earlier_votes(path, ensembles).dump(1) + "\n");
  }
  for (nlohmann::ordered_json vote : ensembles) {
    vote.erase("common");
    write_out((vote.dump() + "\n"));
  }
  return code;
}

}  // namespace

Command experiment_command() {
  Command command = make_command<ExperimentOptions>(
      "experiment",
      "tunes methods on data sets with several seeds: tables and pictures. `prelude experiment FILE.ini` is short for "
      "--config FILE.ini",
      declare, run_experiment);
  // `prelude experiment FILE.ini` is short for --config FILE.ini.
  command.run = [run = command.run](const std::vector<std::string>& arguments, World& world) {
    std::vector<std::string> all = arguments;
    if (!all.empty() && !all.front().starts_with("-")) all.insert(all.begin(), "--config");
    return run(all, world);
  };
  return command;
}

}  // namespace prelude
