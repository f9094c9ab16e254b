#include "launch/commands/lm.h"

#include <cmath>
#include <memory>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/t5/backbone_training.h"
#include "launch/lm/held_out.h"
#include "launch/lm/lm_inputs.h"
#include "launch/lm/lm_options.h"
#include "launch/lm/lm_resume.h"
#include "launch/lm/lm_run.h"
#include "launch/lm/lm_samples.h"
#include "launch/lm/weight_gradient.h"
#include "launch/lm/windows_file.h"
#include "launch/micro_tokens.h"
#include "launch/recorded_config.h"
#include "launch/standard_output.h"
#include "launch/telemetry/run_messages.h"
#include "launch/telemetry/run_telemetry.h"
#include "launch/train/micro_batches.h"
#include "launch/train/train_loop.h"
#include "tasks/corpus/recorded_shards.h"
#include "tasks/loader.h"

namespace prelude {
namespace {

TrainSettings settings_of(const LmOptions& options) {
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

LoaderOptions loader_of(const LmOptions& options, const T5Config& config, const MeshPlace& place, at::Device device) {
  LoaderOptions loader{options.seed, options.global_batch};
  loader.limits = micro_batch_limits(options.micro_tokens, options.global_batch, /*prompt_rows=*/0, config, device);
  loader.longest_source = options.max_source;
  loader.rank = place.data_rank;
  loader.ranks = place.data_size;
  return loader;
}

// After this `options` holds a number, which the run's config.ini keeps.
void settle_memory(LmOptions& options, LmRun& run, const LmInputs& inputs, const RunFolder& folder,
                   const Session& session, const Ranks& ranks) {
  if (options.micro_tokens == auto_micro_tokens)
    options.micro_tokens = recorded_lm_value(folder, ranks.world(), "micro-tokens");
  const ExampleShape shape{0, options.max_source, inputs.lengths().target, options.global_batch};
  const MeshPlace& place = ranks.mesh().place;
  const std::int64_t state = training_state(inputs.config(), {.adafactor = options.optimizer == "adafactor"},
                                            place.tensor_size, place.data_size, run.weights().flat().element_size())
                                 .total();
  if (settled_recompute(options.recompute, run.model(), shape, session, ranks, state)) run.model().recompute_layers();
  options.micro_tokens = settled_micro_tokens(options.micro_tokens, run.model(), shape, session, ranks, state);
}

void introduce(Telemetry& telemetry, const LmOptions& options, const LmInputs& inputs, const LmRun& run,
               const Ranks& ranks) {
  say_program(telemetry, options.session, ranks);
  const T5Config& config = inputs.config();
  telemetry.message(fmt::format(
      "backbone: {} + {} layers, width {}, {:.2f} M weights on this rank, all of them train ({}); corpus: {} "
      "documents, {} tokens; {} training windows a pass, {} held out",
      config.num_layers, config.num_decoder_layers, config.d_model,
      static_cast<double>(run.weights().flat().numel()) / 1e6, options.optimizer, inputs.corpus().documents(),
      inputs.corpus().tokens(), inputs.objective().training_anchors(), inputs.objective().validation_anchors()));
  telemetry.message(fmt::format("micro-batches of at most {} encoder positions", options.micro_tokens));
  if (run.model().recomputes_layers()) telemetry.message("layers are run again backward: little memory, more time");
  const std::string warmup = warmup_warning(schedule_of(options));
  if (!warmup.empty()) telemetry.warning(warmup);
}

TrainEnd train(const LmOptions& options, const LmInputs& inputs, LmRun& run, const TrainState& state,
               Telemetry& telemetry, const Ranks& ranks, at::Device device, const StopSignal& signal) {
  const auto loader_options = loader_of(options, inputs.config(), ranks.mesh().place, device);
  Loader loader(inputs.objective(), loader_options, static_cast<std::uint64_t>(state.step));
  StepSums sums(gradient_of_weights(run.weights(), *ranks.mesh().tensor), ranks.mesh(), Reduction::fast,
                most_micro_batches(loader_options));
  const HeldOut held_out(inputs.objective(), options.validation_windows, loader_options.limits, inputs.config(), device,
                         *ranks.mesh().data);
  EagerLossAndGradient micro_batch(run.model(), options.dropout.value(), options.seed);
  const auto validate = [&] {
    const ValidationResult result = held_out.evaluate(run.model());
    if (result.not_finite) return result;  // the loop says so
    for (const std::string& line :
         completed_samples(run.model(), inputs.tokenizer(), inputs.objective(), options.samples, ranks.data())) {
      telemetry.message(line);
    }
    return result;
  };
  TrainLoop loop({micro_batch, run.optimizer(),
                  [&] {
                    const auto examples = loader.next();
                    ranks.world().recorder().set_step(static_cast<std::int64_t>(examples.step) + 1);
                    return StepBatches{make_micro_batches(examples.micro_batches, inputs.config(), device), 0,
                                       examples.positions.padding_share()};
                  },
                  sums, validate, telemetry, [&](const TrainState& now) { run.save(now); },
                  [&] { run.finish_saving(); }, [](const TrainState& /*now*/, bool /*best*/) {}},
                 settings_of(options), state);
  const auto end = loop.run(signal);
  if (end == TrainEnd::stopped_by_signal) say_stopped(telemetry, signal, loop.state().step, options.steps);
  return end;
}

void print_report(const LmOptions& options, const RunFolder& folder, const std::string& headline) {
  const auto summary = summarise(folder.metrics());
  std::string text = headline + "\n";
  if (summary.averaged_steps > 0) {
    text += fmt::format("  training loss    {:.4f} -> {:.4f} (means of the first and last {} steps)\n",
                        summary.first_loss, summary.last_loss, summary.averaged_steps);
  }
  if (summary.first_validation) {
    text += fmt::format("  held-out loss    {:.4f} -> {:.4f} a token, perplexity {:.2f} (best {:.4f} at step {})\n",
                        *summary.first_validation, *summary.last_validation, std::exp(*summary.last_validation),
                        *summary.best_validation, summary.best_step);
  }
  text += fmt::format("  backbone         {} ({}, loads in transformers as it is)\n", folder.backbone(),
                      options.export_dtype);
  text += fmt::format("  curves           {} and TensorBoard events beside it\n", folder.metrics());
  text += fmt::format("Next: pre-train a prompt for it,\n  prelude pretrain --backbone {} --corpus {} --output RUN\n",
                      folder.backbone(), options.corpus);
  write_out(text);
}

int run_lm(const LmOptions& given, World& world) {
  const StopSignal signal;  // one that comes while the backbone is read counts too: a stop after the first step
  LmOptions options = given;
  const RunFolder folder(options.output, FolderKind::lm_run, world);
  settle(options, recorded_lm_value(folder, world, "warmup-steps"));
  const Session session = open_session(options.session, options.ranks, world);
  const Ranks ranks(options.ranks, session, world);
  LmInputs inputs(options, session, ranks);
  require_same_content(world, fmt::format("--corpus '{}'", options.corpus), inputs.corpus_hash());
  const LmIdentity identity{inputs.backbone_identity(options, world).text(), inputs.corpus_hash()};
  if (!options.dropout) options.dropout = inputs.config().dropout_rate;
  if (world.first() && !options.write_windows.empty()) {
    write_windows(options.write_windows, inputs.objective(), options.validation_windows);
  }
  LmRun run(options, inputs, folder, identity, ranks);
  settle_memory(options, run, inputs, folder, session, ranks);
  auto warnings = check_changes(folder, options, world);
  const auto restored = run.restore();
  options.restart = false;
  warnings.insert(warnings.end(), restored.warnings.begin(), restored.warnings.end());
  if (world.first()) {
    for (auto& warning : check_recorded_shards(inputs.corpus())) warnings.push_back(std::move(warning));
  }
  const TrainState state = restored.state.value_or(TrainState());
  if (state.step >= options.steps || state.out_of_patience) {
    run.export_backbone();  // the run may have been killed between its last checkpoint and its backbone
    if (world.first()) {
      print_report(options, folder, fmt::format("The run in {} is finished; nothing to do.", folder.path()));
    }
    return exit_done;
  }
  if (world.first()) write_file_atomically(folder.config(), recorded_config(config_of(options)));
  const auto resumed = restored.state ? std::optional(state.step) : std::nullopt;
  const auto telemetry = open_telemetry(folder, resumed, options.steps, world.first());
  for (const auto& warning : warnings) telemetry->warning(warning);
  introduce(*telemetry, options, inputs, run, ranks);
  if (resumed) telemetry->message(fmt::format("going on from step {}", *resumed));

  const auto end = train(options, inputs, run, state, *telemetry, ranks, session.device, signal);
  telemetry->finish();
  run.export_backbone();
  if (end == TrainEnd::stopped_by_signal) return exit_stopped;
  if (world.first()) print_report(options, folder, "Done.");
  return exit_done;
}

}  // namespace

Command lm_command() {
  return make_command<LmOptions>("lm", "trains all weights of a backbone on a corpus; run again, it goes on", declare,
                                 run_lm);
}

}  // namespace prelude
