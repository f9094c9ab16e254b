// A command of the program: its name, and what runs when it is typed. A command file (launch/commands/) holds a plain
// struct of options, a function that declares them in an OptionTable and a function that runs with them:
//
//   Command corpus_stats_command() {
//     return make_command<StatsOptions>("corpus stats", "counts and histograms of a corpus", declare, run);
//   }
//
// A command that the ranks of mpirun or srun run together has a run(options, world), which they join watched and with
// the same options (join_ranks); any other refuses several.
#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "core/error.h"
#include "dist/world.h"
#include "launch/options.h"
#include "launch/ranks.h"

namespace prelude {

struct Command {
  std::string name;     // one or two words
  std::string summary;  // one line, no final stop
  // The exit code; throws UserError for the user's mistakes.
  std::function<int(const std::vector<std::string>&, World&)> run;
  std::function<std::string()> help;
  std::function<std::string()> markdown;
};

// Exit codes (docs/commands.md).
constexpr int exit_done = 0;
constexpr int exit_failure = 1;
constexpr int exit_user_error = 2;
constexpr int exit_stopped = 3;

template <typename Options, typename Run>
Command make_command(const std::string& name, const std::string& summary, void (*declare)(OptionTable&, Options&),
                     Run run) {
  const auto with_table = [=](const auto& use) {
    Options options;
    OptionTable table(name, summary);
    declare(table, options);
    return use(table, options);
  };
  Command command;
  command.name = name;
  command.summary = summary;
  command.run = [=](const std::vector<std::string>& arguments, World& world) {
    return with_table([&](OptionTable& table, Options& options) {
      table.parse(arguments);
      for (const std::string& note : table.notes()) {
        if (world.first()) fmt::print(stderr, "note: {}\n", note);
      }
      if constexpr (std::is_invocable_v<Run, const Options&, World&>) {
        join_ranks(world, table);
        return run(options, world);
      } else {
        require(world.alone(), "`prelude {}` runs in one process, but {} were started; leave mpirun or srun out", name,
                world.size());
        return run(options);
      }
    });
  };
  command.help = [=] { return with_table([](OptionTable& table, Options&) { return table.help_text(); }); };
  command.markdown = [=] { return with_table([](OptionTable& table, Options&) { return table.markdown(); }); };
  return command;
}

}  // namespace prelude
