#include "launch/commands/experiment.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/folder_lock.h"
#include "launch/experiment/experiment.h"
#include "launch/experiment/report.h"
#include "launch/version.h"

namespace prelude {
namespace {

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
