#include "launch/command_table.h"

#include <algorithm>
#include <cstdio>

#include "core/error.h"
#include "launch/commands/backbone.h"
#include "launch/commands/bench.h"
#include "launch/commands/corpus.h"
#include "launch/commands/evaluate.h"
#include "launch/commands/experiment.h"
#include "launch/commands/export.h"
#include "launch/commands/import.h"
#include "launch/commands/inspect.h"
#include "launch/commands/lm.h"
#include "launch/commands/plan.h"
#include "launch/commands/predict.h"
#include "launch/commands/pretrain.h"
#include "launch/commands/slurm.h"
#include "launch/commands/tokenizer.h"
#include "launch/commands/tune.h"
#include "launch/nearest.h"
#include "launch/standard_output.h"
#include "launch/tune/task_rows.h"
#include "launch/version.h"

namespace prelude {

const std::vector<Command>& command_table() {
  static const std::vector<Command> table = {
      backbone_create_command(),
      corpus_build_command(),
      corpus_stats_command(),
      corpus_verify_command(),
      corpus_label_command(),
      pretrain_command(),
      lm_command(),
      tokenizer_train_command(),
      tokenizer_encode_command(),
      tokenizer_decode_command(),
      export_command(),
      import_command(),
      inspect_command(),
      predict_command(),
      evaluate_command(),
      tune_command(),
      experiment_command(),
      bench_command(),
      plan_command(),
      slurm_command(),
  };
  return table;
}

namespace {

std::string overview() {
  std::string text = "prelude pre-trains soft prompts against a frozen T5.\n\nusage: prelude COMMAND [options]\n\n";
  for (const auto& command : command_table()) text += fmt::format("  {:<18}{}\n", command.name, command.summary);
  return text + "\n`prelude COMMAND --help` lists a command's options; `prelude --version` says what is built in.\n";
}

std::string markdown() {
  std::string text =
      "# Commands\n\nWritten by `prelude help --markdown`; do not edit. Each option may also stand as `name = value` "
      "in a\n"
      "file given with `--config FILE`; the command line wins. Lists: numbers and words stand apart by blanks or "
      "commas,\n"
      "in one value or in several (in double quotes a word keeps its blanks); of paths and texts each value is one "
      "element.\n"
      "In a file, a value with blanks at its ends stands in double quotes.\n";
  for (const auto& command : command_table()) text.append("\n").append(command.markdown());
  TaskRow row;
  OptionTable keys("Keys of a data set's row",
                   "These stand as `key = value` lines in a file that --rows names (docs/few-shot.md); they are no "
                   "options of a command. A list has one line per element.");
  declare(keys, row);
  return text.append("\n").append(keys.keys_markdown());
}

// The command that the first one or two words name; `words` becomes how many they are.
const Command* find_command(const std::vector<std::string>& arguments, std::size_t& words) {
  for (words = 2; words >= 1; --words) {
    if (arguments.size() < words) continue;
    const std::string name = words == 2 ? fmt::format("{} {}", arguments[0], arguments[1]) : arguments[0];
    const auto& table = command_table();
    const auto found = std::find_if(table.begin(), table.end(), [&](const Command& c) { return c.name == name; });
    if (found != table.end()) return &*found;
  }
  return nullptr;
}

[[noreturn]] void fail_unknown(const std::vector<std::string>& arguments) {
  std::vector<std::string> names;
  std::string subcommands;
  for (const auto& command : command_table()) {
    names.push_back(command.name);
    if (command.name.rfind(fmt::format("{} ", arguments[0]), 0) == 0) subcommands.append(command.name).append("; ");
  }
  const bool second_word = arguments.size() > 1 && arguments[1].rfind("--", 0) != 0;
  if (!subcommands.empty() && !second_word) {
    fail("`prelude {}` needs one more word: {}", arguments[0], subcommands.substr(0, subcommands.size() - 2));
  }
  const std::string typed =
      second_word && !subcommands.empty() ? fmt::format("{} {}", arguments[0], arguments[1]) : arguments[0];
  fail("unknown command '{}'; did you mean '{}'? `prelude --help` lists them", typed, nearest_of(typed, names));
}

bool asks_for_help(const std::string& argument) { return argument == "--help" || argument == "-h"; }

void print(const std::string& text) { write_out(text); }

}  // namespace

int run_command_line(const std::vector<std::string>& arguments, World& world) {
  require(!arguments.empty(), "no command is given; `prelude --help` lists them");
  if (asks_for_help(arguments[0]) || (arguments[0] == "help" && arguments.size() == 1)) {
    print(overview());
    return exit_done;
  }
  if (arguments[0] == "--version") {
    print(version_text());
    return exit_done;
  }
  if (arguments[0] == "help") {
    if (arguments[1] == "--markdown") {
      print(markdown());
      return exit_done;
    }
    std::vector<std::string> wanted(arguments.begin() + 1, arguments.end());
    wanted.emplace_back("--help");
    return run_command_line(wanted, world);
  }
  std::size_t words = 0;
  const Command* command = find_command(arguments, words);
  if (command == nullptr) fail_unknown(arguments);
  const std::vector<std::string> rest(arguments.begin() + static_cast<std::ptrdiff_t>(words), arguments.end());
  if (std::any_of(rest.begin(), rest.end(), asks_for_help)) {
    print(command->help());
    return exit_done;
  }
  return command->run(rest, world);
}

}  // namespace prelude
