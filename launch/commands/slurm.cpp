#include "launch/commands/slurm.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "core/io/line_reader.h"
#include "launch/commands/pretrain_options.h"
#include "launch/slurm/batch_script.h"
#include "launch/standard_output.h"

namespace prelude {
namespace {

using Words = std::vector<std::string>;

struct SlurmOptions {
  std::int64_t nodes = 1;
  std::int64_t gpus_per_node = 0;
  std::optional<std::int64_t> tasks_per_node;
  std::optional<std::int64_t> cpus_per_task;
  std::string time;
  std::int64_t warning = 120;
  std::string partition;
  std::string account;
  std::string job_name = "prelude";
  std::string launcher = "srun";
  std::string program;
  std::vector<std::uint64_t> seeds;
  std::string grid;
  std::string array;
};

void declare(OptionTable& table, SlurmOptions& options) {
  constexpr double most = 1e6;
  table.add("nodes", options.nodes, "N", "Hosts.").at_least(1).at_most(most);
  table.add("gpus-per-node", options.gpus_per_node, "N", "GPUs of a host, each with a rank; 0: the CPU.")
      .at_least(0)
      .at_most(most);
  table
      .add("tasks-per-node", options.tasks_per_node, "N",
           "Ranks of a host; as many as it has GPUs, or one, unless given.")
      .at_least(1)
      .at_most(most);
  table.add("cpus-per-task", options.cpus_per_task, "N", "Cores of a rank; Slurm's own default unless given.")
      .at_least(1)
      .at_most(most);
  table.add("time", options.time, "LIMIT", "Time limit in Slurm's words: 30, 12:00:00, 2-0.");
  table
      .add("warning", options.warning, "S",
           "Seconds before the time limit at which the ranks are asked for a checkpoint and the job requeues itself.")
      .at_least(1)
      .at_most(65535);
  table.add("partition", options.partition, "NAME", "Partition; Slurm's default unless given.");
  table.add("account", options.account, "NAME", "Account; Slurm's default unless given.");
  table.add("job-name", options.job_name, "NAME", "Name of the job, and of its output file.");
  table.add("launcher", options.launcher, "", "What starts the ranks in the job.").choices({"srun", "mpirun"});
  table.add("program", options.program, "FILE", "The program on the hosts; this one unless given.");
  table.add("seeds", options.seeds, "N", "A job array: a run with each of these seeds, in OUTPUT/0, OUTPUT/1, ...")
      .unique();
  table.add("grid", options.grid, "FILE",
            "A job array: a run with the options of each line of this file (with --seeds: each line with each seed). "
            "It is read again when a run starts.");
  table.add("array", options.array, "SPEC", "Elements of the job array in Slurm's words, where not all: 0-99%4.");
}

// Takes `name` and its value out of the words; empty where it is not there.
std::string take(Words& words, const std::string& name) {
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (word->starts_with(name + "=")) {
      std::string value = word->substr(name.size() + 1);
      words.erase(word);
      return value;
    }
    if (*word == name && word + 1 != words.end()) {
      std::string value = *(word + 1);
      words.erase(word, word + 2);
      return value;
    }
  }
  return {};
}

// What stands after `--`: the run as it would be typed. Refused here where pretrain itself would refuse it later.
void set_run(BatchScript& script, Words words) {
  require(!words.empty(),
          "the run is missing; put it behind two dashes: prelude slurm --nodes 2 -- pretrain --backbone ...");
  require(words[0] == "pretrain", "a batch script is for `pretrain`, not for '{}'; write one by hand around it",
          words[0]);
  words.erase(words.begin());
  PretrainOptions options;
  OptionTable table("pretrain", "");
  declare(table, options);
  table.parse(words);
  settle(options);
  const auto config = std::find_if(words.begin(), words.end(), [](const std::string& word) {
    return word == "--config" || word.starts_with("--config=");
  });
  const auto set = [&](const std::string& parameter, const std::string& option, const std::string& value) {
    take(words, option);
    script.set_parameter(parameter, value);
  };
  require(config == words.end(), "--config: write the options out; a file may change before the job starts");
  set("BACKBONE", "--backbone", options.backbone);
  set("CORPUS", "--corpus", options.corpus);
  set("OUTPUT", "--output", options.output);
  set("TASK", "--task", options.task);
  Words quoted;
  std::transform(words.begin(), words.end(), std::back_inserter(quoted), shell_quoted);
  script.set_parameter("ARGUMENTS", fmt::format("{}", fmt::join(quoted, " ")));
}

// Lines as sed counts them: the last one may have no end.
std::size_t lines_of(const std::string& path) {
  constexpr std::int64_t longest_line = 1 << 16;
  constexpr std::int64_t most_lines = 100'000;  // Slurm's own limit of an array is 4,000,001 at the most
  LineReader file(path, longest_line);
  std::string line;
  auto status = file.next(line);
  for (; status == LineReader::Status::line; status = file.next(line)) {
    require(line.find_first_not_of(" \t\r") != std::string::npos,
            "--grid: '{}' line {} is blank, and would be a run without options; remove it", path, file.line_number());
    require(file.line_number() <= most_lines, "--grid: '{}' has more than {} lines", path, most_lines);
  }
  require(status != LineReader::Status::too_long, "--grid: '{}' line {} is longer than {} bytes", path,
          file.line_number(), longest_line);
  require(status == LineReader::Status::end, "--grid: '{}' line {}: {}", path, file.line_number(), file.damage());
  require(file.line_number() > 0, "--grid: '{}' has no line", path);
  return static_cast<std::size_t>(file.line_number());
}

void set_array(BatchScript& script, const SlurmOptions& options) {
  require(options.array.empty() || !options.seeds.empty() || !options.grid.empty(),
          "--array is for --seeds or --grid; give one of them");
  if (options.seeds.empty() && options.grid.empty()) return;
  const std::size_t runs =
      std::max<std::size_t>(options.seeds.size(), 1) * (options.grid.empty() ? 1 : lines_of(options.grid));
  script.set_directive("array", options.array.empty() ? fmt::format("0-{}", runs - 1) : options.array);
  script.set_directive("output", "%x-%A_%a.out");
  script.set_parameter("SEEDS", fmt::format("{}", fmt::join(options.seeds, " ")));
  script.set_parameter("GRID", options.grid);
}

int run(const SlurmOptions& options, const Words& typed) {
  BatchScript script;
  const std::int64_t tasks = options.tasks_per_node.value_or(std::max<std::int64_t>(options.gpus_per_node, 1));
  script.set_directive("job-name", options.job_name);
  script.set_directive("nodes", fmt::format("{}", options.nodes));
  script.set_directive("ntasks-per-node", fmt::format("{}", tasks));
  if (options.gpus_per_node > 0) script.set_directive("gpus-per-node", fmt::format("{}", options.gpus_per_node));
  if (options.cpus_per_task) script.set_directive("cpus-per-task", fmt::format("{}", *options.cpus_per_task));
  if (!options.time.empty()) script.set_directive("time", options.time);
  if (!options.partition.empty()) script.set_directive("partition", options.partition);
  if (!options.account.empty()) script.set_directive("account", options.account);
  script.set_directive("signal", fmt::format("B:USR1@{}", options.warning));
  set_array(script, options);
  set_run(script, typed);
  script.set_parameter("LAUNCHER", options.launcher);
  script.set_parameter(
      "PRELUDE", options.program.empty() ? std::filesystem::read_symlink("/proc/self/exe").string() : options.program);
  print_out("{}", script.text());
  return exit_done;
}

}  // namespace

Command slurm_command() {
  const std::string name = "slurm";
  const std::string summary = "prints a Slurm batch script for the run behind `--`: slurm --nodes 2 -- pretrain ...";
  Command command = make_command<SlurmOptions>(name, summary, declare, [](const SlurmOptions&) { return exit_done; });
  command.run = [=](const Words& arguments, World& world) {
    const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
    const Words typed(dashes == arguments.end() ? dashes : dashes + 1, arguments.end());
    return make_command<SlurmOptions>(name, summary, declare,
                                      [&](const SlurmOptions& options) { return run(options, typed); })
        .run(Words(arguments.begin(), dashes), world);
  };
  return command;
}

}  // namespace prelude
