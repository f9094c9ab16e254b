#include "launch/commands/pretrain.h"

#include <ATen/ATen.h>

#include "core/checkpoint/checkpoint_folder.h"
#include "core/delta/prompt_file.h"
#include "core/delta/soft_prompt.h"
#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/optim/adamw.h"
#include "launch/commands/pretrain_inputs.h"
#include "launch/commands/pretrain_options.h"
#include "launch/commands/pretrain_report.h"
#include "launch/commands/pretrain_resume.h"
#include "launch/run_folder.h"
#include "launch/telemetry/run_telemetry.h"
#include "launch/train/micro_batches.h"
#include "launch/train/train_loop.h"
#include "launch/version.h"
#include "tasks/loader.h"

namespace prelude {
namespace {

std::string config_of(PretrainOptions options) {
  OptionTable table("pretrain", "");
  declare(table, options);
  return table.config_text();
}

TrainSettings settings_of(const PretrainOptions& options) {
  TrainSettings settings;
  settings.steps = options.steps;
  settings.schedule = schedule_of(options);
  settings.clip = options.clip;
  settings.evaluate_every = options.evaluate_every;
  settings.patience = options.patience;
  settings.checkpoint_every = options.checkpoint_every;
  settings.checkpoint_seconds = options.checkpoint_seconds;
  settings.global_batch = options.global_batch;
  return settings;
}

// A run's files and what they hold: the delta and its optimiser, on and off disk.
class PretrainRun {
 public:
  PretrainRun(const PretrainOptions& options, const PretrainInputs& inputs, const RunFolder& folder,
              const RunIdentity& identity, const std::optional<Checkpoint>& from, at::Device device)
      : options_(options),
        folder_(folder),
        identity_(identity),
        prompt_(from ? from->delta.at(0).value : initial_prompt(options, inputs), device),
        optimizer_(prompt_.trainable().flat(), {options.beta1, options.beta2, options.epsilon, options.weight_decay}) {
    if (from) optimizer_.set_state(from->exp_avg, from->exp_avg_sq, from->optimizer_steps);
  }

  SoftPrompt& prompt() { return prompt_; }
  AdamW& optimizer() { return optimizer_; }

  void save(const TrainState& state) const {
    Checkpoint checkpoint;
    checkpoint.step = state.step;
    checkpoint.seed = options_.seed;
    checkpoint.delta = {{prompt_.trainable().parts().at(0).name, prompt_.rows().detach()}};
    checkpoint.exp_avg = optimizer_.exp_avg();
    checkpoint.exp_avg_sq = optimizer_.exp_avg_sq();
    checkpoint.optimizer_steps = optimizer_.steps();
    checkpoint.loop_state = state_text(state);
    checkpoint.configuration = config_of(options_);
    checkpoint.backbone_hash = identity_.backbone_hash;
    checkpoint.corpus_hash = identity_.corpus_hash;
    checkpoint.revision = revision();
    write_checkpoint(fmt::format("{}/{}", folder_.checkpoints(), checkpoint_name(state.step)), checkpoint);
    prune_checkpoints(folder_.checkpoints(), options_.keep, state.best_step);
  }

  void write_prompt(const TrainState& state, bool best) const {
    Prompt prompt;
    prompt.rows = prompt_.rows().detach().to(at::kFloat).to(at::Device(at::kCPU)).contiguous();
    prompt.base_model = options_.backbone;
    prompt.origin = {{"program", fmt::format("prelude {} ({})", version(), revision())},
                     {"task", options_.task},
                     {"step", fmt::format("{}", state.step)},
                     {"seed", fmt::format("{}", options_.seed)},
                     {"quirks", options_.quirks},
                     {"backbone_hash", identity_.backbone_hash},
                     {"corpus_hash", identity_.corpus_hash}};
    write_prompt_folder(best ? folder_.best_prompt() : folder_.prompt(), prompt);
  }

 private:
  const PretrainOptions& options_;
  const RunFolder& folder_;
  const RunIdentity& identity_;
  SoftPrompt prompt_;
  AdamW optimizer_;
};

// The backbone's bytes after the run; they are never written, so another hash is our defect.
void verify_frozen(const PretrainInputs& inputs, const RunIdentity& identity) {
  const auto after = inputs.backbone_hash();
  ensure(after == identity.backbone_hash, "the frozen backbone changed during the run: hash {} became {}",
         identity.backbone_hash, after);
}

TrainEnd train(const PretrainOptions& options, const PretrainInputs& inputs, PretrainRun& run, const TrainState& state,
               RunTelemetry& telemetry, at::Device device) {
  const StopSignal signal;
  Loader loader(inputs.task(), {options.seed, options.global_batch, options.micro_batch},
                static_cast<std::uint64_t>(state.step));
  const Validation validation(inputs.task(), options.validation_examples, options.micro_batch, inputs.model().config(),
                              device);
  TrainLoop loop({inputs.model(), run.prompt(), run.optimizer(),
                  [&] { return make_micro_batches(loader.next().micro_batches, inputs.model().config(), device); },
                  validation, telemetry, [&](const TrainState& now) { run.save(now); },
                  [&](const TrainState& now, bool best) { run.write_prompt(now, best); }},
                 settings_of(options), state);
  const auto end = loop.run(signal);
  if (end == TrainEnd::stopped_by_signal) {
    telemetry.message(fmt::format("stopped by {} at step {} of {}; run the same command again to go on", signal.name(),
                                  loop.state().step, options.steps));
  }
  return end;
}

int run_pretrain(const PretrainOptions& given) {
  PretrainOptions options = given;
  settle(options);
  const Session session = open_session(options.session);
  const PretrainInputs inputs(options, session);
  const RunFolder folder(options.output);
  const RunIdentity identity{inputs.backbone_hash(), inputs.corpus_hash()};
  const auto resumption = resume(folder, options, identity);
  const TrainState state = resumption.checkpoint ? parse_state(resumption.checkpoint->loop_state) : TrainState();
  if (state.step >= options.steps || state.out_of_patience) {
    // Written again: the run may have been killed between its last checkpoint and its prompt.
    PretrainRun(options, inputs, folder, identity, resumption.checkpoint, session.device).write_prompt(state, false);
    print_report(options, folder, fmt::format("The run in {} is finished; nothing to do.", folder.path()));
    return exit_done;
  }
  PretrainRun run(options, inputs, folder, identity, resumption.checkpoint, session.device);
  write_file_atomically(folder.config(), config_of(options));

  const auto resumed = resumption.checkpoint ? std::optional(state.step) : std::nullopt;
  RunTelemetry telemetry(folder, resumed, options.steps, Screen::standard_error());
  for (const auto& warning : resumption.warnings) telemetry.warning(warning);
  telemetry.message(fmt::format("prelude {} ({}) on {}, {}, {} threads", version(), revision(), options.session.device,
                                options.session.dtype, session.threads));
  telemetry.message(describe(inputs));
  telemetry.message(fmt::format("configuration: {}", folder.config()));
  if (resumed) telemetry.message(fmt::format("going on from step {}", *resumed));

  if (train(options, inputs, run, state, telemetry, session.device) == TrainEnd::stopped_by_signal) return exit_stopped;
  if (options.verify_frozen) verify_frozen(inputs, identity);
  print_report(options, folder, "Done.");
  return exit_done;
}

}  // namespace

Command pretrain_command() {
  return make_command<PretrainOptions>("pretrain", "pre-trains a soft prompt on a corpus; run again, it goes on",
                                       declare, run_pretrain);
}

}  // namespace prelude
