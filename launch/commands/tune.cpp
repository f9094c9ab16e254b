#include "launch/commands/tune.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/delta/prompt_file.h"
#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/folder_lock.h"
#include "core/t5/load.h"
#include "launch/schedule_options.h"
#include "launch/telemetry/progress.h"
#include "launch/train/stop_signal.h"
#include "launch/tune/lab.h"
#include "launch/version.h"

namespace prelude {
namespace {

struct TuneOptions {
  ExperimentOptions all;  // of an experiment of one cell
  std::string data;
  std::string method = "ppt";
  std::string prompt;
  std::uint64_t seed = 10;
  std::string shots;
  double learning_rate = 0.3;
};

void declare(OptionTable& table, TuneOptions& options) {
  ExperimentOptions& all = options.all;
  table.add("backbone", all.backbone, "DIR", "Backbone folder in Hugging Face's layout.").required();
  table.add("data", options.data, "NAME=DIR", "Data set: a row's name and the folder with its files.").required();
  table.add("rows", all.rows, "FILE", "Files that describe data sets of your own (docs/few-shot.md).");
  table.add("method", options.method, "", fmt::format("{}.", method_help())).choices(method_names());
  table.add("prompt", options.prompt, "PROMPT", "Pre-trained prompt, for ppt, hybrid-ppt and unified-ppt.");
  table.add("output", all.output, "RUN", "Folder for prompt/ (ft: backbone/) and result.json.").required();
  table.add("seed", options.seed, "N", "Of the drawn examples, of a new prompt and of the order of the examples.");
  table.add("shots", options.shots, "N|all", "Training examples; 32, or 8 a label above 5 labels, unless given.");
  table.add("split", all.split, "", "As in `prelude experiment`.").choices({"auto", "draw", "given"});
  declare_first_prompt(table, all);
  declare_schedule(table, options.learning_rate, all.schedule, all.warmup_steps);
  declare_tuning(table, all);
}

ExperimentOptions experiment_of(const TuneOptions& options) {
  ExperimentOptions all = options.all;
  const Method& method = method_named(options.method);
  require(method.pretrained() || options.prompt.empty(), "--prompt: method {} starts without one; leave it out",
          method.name);
  require(!method.pretrained() || !options.prompt.empty(), "method {} starts from a pre-trained prompt; give --prompt",
          method.name);
  all.data = {options.data};
  all.methods = {options.method};
  all.seeds = {fmt::format("{}", options.seed)};
  if (!options.shots.empty()) all.shots = {options.shots};
  all.prompt_rates = {fmt::format("{}", options.learning_rate)};
  all.weight_rates = all.prompt_rates;
  if (!options.prompt.empty()) {
    all.prompt_nsp = all.prompt_nss = all.prompt_cls = all.prompt_unified = options.prompt;
  }
  return all;
}

void write_tuned(const TuneOptions& options, const Lab& lab, const Tuned& tuned, const CellResult& result) {
  const std::string& output = options.all.output;
  if (method_named(options.method).trains_backbone()) {
    const std::string folder = fmt::format("{}/backbone", output);
    std::filesystem::remove_all(folder);
    save_backbone(folder, tuned.model().config(), tuned.model().weights(), lab.tokenizer_path());
  } else {
    Prompt prompt;
    prompt.rows = tuned.flat().to(at::Device(at::kCPU), at::kFloat).view({-1, tuned.model().config().d_model});
    prompt.base_model = options.all.backbone;
    prompt.origin = {{"program", fmt::format("prelude {} ({})", version(), revision())},
                     {"data", result.key.data},
                     {"method", result.key.method},
                     {"seed", fmt::format("{}", result.key.seed)},
                     {"step", fmt::format("{}", result.best_step)}};
    write_prompt_folder(fmt::format("{}/prompt", output), prompt);
  }
  write_file_atomically(fmt::format("{}/result.json", output), to_json(result).dump(1) + "\n");
}

std::string dev_text(const DevPoint& point, bool kept) {
  return fmt::format("step {}: {:.1f} % of the dev examples right, loss {:.4f}{}", point.step, 100 * point.accuracy,
                     point.loss, kept ? "; kept" : "");
}

int run_tune(const TuneOptions& given, World& world) {
  const StopSignal signal;
  TuneOptions options = given;
  options.all = experiment_of(given);
  require_same_launch(world, config_of(options.all));
  require(world.size() == options.all.ranks.tensor_parallel,
          "`prelude tune` is one run: {} ranks for --tensor-parallel {}; `prelude experiment` shares runs out",
          world.size(), options.all.ranks.tensor_parallel);
  require(options.all.ranks.tensor_parallel == 1 || !method_named(options.method).trains_backbone(),
          "--method ft writes a whole backbone; leave --tensor-parallel out");
  std::optional<FolderLock> lock;
  if (world.first()) lock.emplace(options.all.output, "another `prelude tune`");
  const Session session = open_session(options.all.session, options.all.ranks, world);
  const Ranks ranks(options.all.ranks, session, world);
  const Lab lab(options.all, session, ranks);
  if (world.first()) {
    for (const std::string& note : lab.notes()) std::fputs(fmt::format("{}\n", note).c_str(), stderr);
  }
  std::unique_ptr<Tuned> tuned;
  const bool alone = world.alone();
  ProgressBar bar("tuning", "steps", options.all.steps);
  std::int64_t begun = 0;
  TuningWatch watch;
  watch.stop = [&] {
    if (world.first()) bar.update(std::min(begun++, options.all.steps));  // asked once more after the last step
    return alone && signal.requested();
  };
  watch.evaluated = [&](const DevPoint& point, bool kept) {
    if (world.first()) bar.message(dev_text(point, kept));
  };
  const auto result = lab.run(lab.cells().front(), watch, &tuned);
  if (world.first() && begun > 0) bar.finish();
  if (!result) {
    std::fputs("stopped; nothing is kept of a run of tuning, start it again\n", stderr);
    return exit_stopped;
  }
  if (!world.first()) return exit_done;
  write_tuned(options, lab, *tuned, *result);
  nlohmann::ordered_json line = to_json(*result);
  for (const char* long_list : {"curve", "train_indices", "dev_indices"}) line.erase(long_list);
  std::fputs((line.dump() + "\n").c_str(), stdout);
  return exit_done;
}

}  // namespace

Command tune_command() {
  return make_command<TuneOptions>("tune", "tunes a prompt, or all weights, on one data set", declare, run_tune);
}

}  // namespace prelude
