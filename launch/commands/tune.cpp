#include "launch/commands/tune.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "core/delta/prompt_file.h"
#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/atomic_folder.h"
#include "core/io/output_folder.h"
#include "core/t5/load.h"
#include "dist/text.h"
#include "launch/backbone_identity.h"
#include "launch/config_change.h"
#include "launch/schedule_options.h"
#include "launch/standard_output.h"
#include "launch/telemetry/progress.h"
#include "launch/train/stop_signal.h"
#include "launch/tune/lab.h"
#include "launch/version.h"
#include "tasks/corpus/json_fields.h"

namespace prelude {
namespace {

constexpr std::size_t largest_result = std::size_t{1} << 28;

struct TuneOptions {
  ExperimentOptions all;  // of an experiment of one cell
  std::string data;
  std::string method = "ppt";
  std::string prompt;
  std::uint64_t seed = 10;
  std::string shots;
  std::optional<double> learning_rate;  // unset: that of an experiment, by what trains
};

void declare(OptionTable& table, TuneOptions& options) {
  ExperimentOptions& all = options.all;
  table.add("backbone", all.backbone, "DIR", "Backbone folder in Hugging Face's layout.").required();
  table.add("data", options.data, "NAME=DIR", "Data set: a row's name and the folder with its files.").required();
  table.add("rows", all.rows, "FILE", "Files that describe data sets of your own (docs/few-shot.md).");
  table.add("method", options.method, "", fmt::format("{}.", method_help())).choices(method_names());
  table.add("prompt", options.prompt, "PROMPT", "Pre-trained prompt, for ppt, hybrid-ppt and unified-ppt.");
  table
      .add("output", all.output, "RUN",
           "Folder for prompt/ (ft: backbone/), result.json and config.ini. One that holds a result stays as it is.")
      .required();
  table.add("seed", options.seed, "N", "Of the drawn examples, of a new prompt and of the order of the examples.");
  table.add("shots", options.shots, "N|all",
            "Training examples of all classes together; 32, or 8 per label above 5 labels, unless given.");
  table.add("split", all.split, "", "As in `prelude experiment`.").choices({"auto", "draw", "given"});
  declare_first_prompt(table, all);
  for (const char* name : {"prompt-length", "init"}) {
    table.row(name).only_with("a method that starts from a new prompt",
                              [&options] { return method_named(options.method).first == FirstPrompt::fresh; });
  }
  table
      .add("learning-rate", options.learning_rate, "X",
           fmt::format("Rate of the schedule; {} for a prompt and {} for all weights (ft) unless given.",
                       all.prompt_rates.front(), all.weight_rates.front()))
      .above(0);
  declare_schedule(table, all.schedule);
  declare_warmup(table, all.warmup_steps);
  declare_tuning(table, all);
}

std::string config_of(TuneOptions options) {
  OptionTable table("tune", "");
  declare(table, options);
  return table.config_text();
}

// The experiment of one cell that the options say.
ExperimentOptions experiment_of(const TuneOptions& options) {
  ExperimentOptions all = options.all;
  const Method& method = method_named(options.method);
  require(method.pretrained() || options.prompt.empty(), "--prompt: method {} starts without one; leave it out",
          method.name);
  require(!method.pretrained() || !options.prompt.empty(), "method {} starts from a pre-trained prompt; give --prompt",
          method.name);
  all.data = {options.data};
  all.methods = {options.method};
  all.seeds = {options.seed};
  if (!options.shots.empty()) all.shots = {options.shots};
  all.prompt_rates = all.weight_rates = {options.learning_rate.value()};
  all.one_prompt = true;
  if (!options.prompt.empty()) {
    all.prompt_nsp = all.prompt_nss = all.prompt_cls = all.prompt_unified = options.prompt;
  }
  check(all);
  return all;
}

void settle(TuneOptions& options) {
  const bool all_weights = method_named(options.method).trains_backbone();
  const auto& usual = all_weights ? options.all.weight_rates : options.all.prompt_rates;
  if (!options.learning_rate) options.learning_rate = usual.front();
  require(options.all.ranks.tensor_parallel == 1 || !all_weights,
          "--method ft writes a whole backbone; leave --tensor-parallel out");
}

std::string config_path(const TuneOptions& options) { return fmt::format("{}/config.ini", options.all.output); }
std::string result_path(const TuneOptions& options) { return fmt::format("{}/result.json", options.all.output); }

// The result that a finished run left in the output folder; none where there is none. Throws UserError where it was
// made with other options. Paths, and how the ranks compute, may differ.
std::optional<nlohmann::ordered_json> earlier_result(const TuneOptions& options) {
  constexpr std::array<std::string_view, 12> free_to_change{"backbone",
                                                            "data",
                                                            "rows",
                                                            "prompt",
                                                            "output",
                                                            "device",
                                                            "threads",
                                                            "micro-tokens",
                                                            "tensor-parallel",
                                                            "tensor-across-hosts",
                                                            "collectives",
                                                            "collective-timeout"};
  if (!std::filesystem::exists(result_path(options))) return {};
  TuneOptions before;
  TuneOptions now = options;
  OptionTable before_table("tune", "");
  OptionTable now_table("tune", "");
  declare(before_table, before);
  declare(now_table, now);
  before_table.parse_config(config_path(options));
  for (const ConfigChange& change : config_changes(before_table, now_table)) {
    const bool is_free = std::find(free_to_change.begin(), free_to_change.end(), change.name) != free_to_change.end();
    require(is_free, "--{} is '{}', but '{}' holds the result of a run with '{}'; choose another --output", change.name,
            change.now, options.all.output, change.before);
  }
  static_cast<void>(read_json_file(result_path(options), largest_result));  // checked
  std::ifstream file(result_path(options));
  return nlohmann::ordered_json::parse(file);
}

void write_tuned(const TuneOptions& options, const Lab& lab, const Tuned& tuned, const CellResult& result) {
  const std::string& output = options.all.output;
  if (method_named(options.method).trains_backbone()) {
    write_folder_atomically(fmt::format("{}/backbone", output), [&](const std::string& fresh) {
      save_backbone(fresh, tuned.model().config(), tuned.model().weights(), lab.tokenizer_path());
    });
  } else {
    Prompt prompt;
    prompt.rows = tuned.flat().to(at::Device(at::kCPU), at::kFloat).view({-1, tuned.model().config().d_model});
    prompt.base_model = options.all.backbone;
    prompt.origin = {{"program", fmt::format("prelude {} ({})", version(), revision())},
                     {"data", result.key.data},
                     {"method", result.key.method},
                     {"shots", fmt::format("{}", result.key.shots)},
                     {"seed", fmt::format("{}", result.key.seed)},
                     {"learning_rate", fmt::format("{}", result.key.rate)},
                     {"steps", fmt::format("{}", options.all.steps)},
                     {"step", fmt::format("{}", result.best_step)},
                     {"from", options.prompt.empty() ? fmt::format("--init {}", options.all.init) : options.prompt},
                     {"backbone_hash", weights_of(lab.backbone())},
                     {"backbone_identity", lab.backbone()}};
    write_prompt_folder(fmt::format("{}/prompt", output), prompt);
  }
  nlohmann::ordered_json file = to_json(result);
  file["identity"] = lab.identity(result.key).whole;
  write_file_atomically(result_path(options), file.dump(1) + "\n");  // last: with it the run is finished
}

std::string dev_text(const DevPoint& point, bool kept) {
  return fmt::format("step {}: {:.1f} % of the dev examples right, loss {:.4f}{}", point.step, 100 * point.accuracy,
                     point.loss, kept ? "; kept" : "");
}

void print_result(const nlohmann::ordered_json& result) {
  nlohmann::ordered_json line = result;
  for (const char* long_list : {"curve", "train_indices", "dev_indices", "identity"}) line.erase(long_list);
  write_out((line.dump() + "\n"));
}

// Nothing comes back where it was asked to stop.
std::optional<CellResult> tune_cell(const Lab& lab, std::int64_t steps, const StopSignal& signal, bool speaks,
                                    std::unique_ptr<Tuned>& tuned) {
  ProgressBar bar("tuning", "steps", steps);
  std::int64_t begun = 0;
  TuningWatch watch;
  watch.stop = [&] {
    if (speaks) bar.update(++begun);
    return signal.requested();
  };
  watch.evaluated = [&](const DevPoint& point, bool kept) {
    if (speaks) bar.message(dev_text(point, kept));
  };
  auto result = lab.run(lab.cells().front(), watch, &tuned);
  if (begun > 0) bar.finish();
  if (!result && speaks) std::fputs("stopped; nothing is kept of a run of tuning, start it again\n", stderr);
  return result;
}

int run_tune(const TuneOptions& given, World& world) {
  const StopSignal signal;
  TuneOptions options = given;
  settle(options);
  options.all = experiment_of(options);
  require(world.size() == options.all.ranks.tensor_parallel,
          "`prelude tune` is one run: {} ranks for --tensor-parallel {}; `prelude experiment` shares runs out",
          world.size(), options.all.ranks.tensor_parallel);
  std::optional<OutputFolder> output;
  if (world.first()) output.emplace(options.all.output, FolderKind::tune_run);
  const Session session = open_session(options.all.session, options.all.ranks, world);
  const auto earlier = world.first() ? earlier_result(options) : std::nullopt;
  const Ranks ranks(options.all.ranks, session, world);
  const Lab lab(options.all, session, ranks);
  if (world.first() && earlier) {
    const std::string& identity = earlier->value("identity", "");
    require(identity == lab.identity(lab.cells().front()).whole,
            "--output: '{}' holds the result of another backbone, data set or first prompt; choose a new folder",
            options.all.output);
    fmt::print(stderr, "The run in {} is finished; nothing to do.\n", options.all.output);
    const std::string made_by = earlier->value("revision", revision());
    if (made_by != revision()) {
      fmt::print(stderr, "note: another revision of the program made this result ({}; this is {})\n", made_by,
                 revision());
    }
    print_result(*earlier);
  }
  if (!broadcast_text(world.group(), earlier ? "finished" : "").empty()) return exit_done;
  if (world.first()) {
    write_file_atomically(config_path(options), config_of(options));
    for (const std::string& note : lab.notes()) std::fputs(fmt::format("{}\n", note).c_str(), stderr);
  }
  std::unique_ptr<Tuned> tuned;
  const auto result = tune_cell(lab, options.all.steps, signal, world.first(), tuned);
  if (!result) return exit_stopped;
  if (!world.first()) return exit_done;
  write_tuned(options, lab, *tuned, *result);
  print_result(to_json(*result));
  return exit_done;
}

}  // namespace

Command tune_command() {
  return make_command<TuneOptions>("tune", "tunes a prompt, or all weights, on one data set", declare, run_tune);
}

}  // namespace prelude
