// A command of the program: its name, and what runs when it is typed. A command file (launch/commands/) holds a plain
// struct of options, a function that declares them in an OptionTable and a function that runs with them:
//
//   Command corpus_stats_command() {
//     return make_command<StatsOptions>("corpus stats", "counts and histograms of a corpus", declare, run);
//   }
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "launch/options.h"

namespace prelude {

struct Command {
  std::string name;     // one or two words
  std::string summary;  // one line, no final stop
  // The exit code; throws UserError for the user's mistakes.
  std::function<int(const std::vector<std::string>&)> run;
  std::function<std::string()> help;
  std::function<std::string()> markdown;
};

// Exit codes (docs/commands.md).
constexpr int exit_done = 0;
constexpr int exit_failure = 1;
constexpr int exit_user_error = 2;
constexpr int exit_stopped = 3;

template <typename Options>
Command make_command(const std::string& name, const std::string& summary, void (*declare)(OptionTable&, Options&),
                     int (*run)(const Options&)) {
  const auto with_table = [=](const auto& use) {
    Options options;
    OptionTable table(name, summary);
    declare(table, options);
    return use(table, options);
  };
  Command command;
  command.name = name;
  command.summary = summary;
  command.run = [=](const std::vector<std::string>& arguments) {
    return with_table([&](OptionTable& table, Options& options) {
      table.parse(arguments);
      return run(options);
    });
  };
  command.help = [=] { return with_table([](OptionTable& table, Options&) { return table.help_text(); }); };
  command.markdown = [=] { return with_table([](OptionTable& table, Options&) { return table.markdown(); }); };
  return command;
}

}  // namespace prelude
