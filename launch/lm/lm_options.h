#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/optim/schedule.h"
#include "launch/options.h"
#include "launch/ranks.h"
#include "launch/session.h"

namespace prelude {

struct LmOptions {
  std::string backbone;
  std::string init;       // config.json, instead of a backbone
  std::string tokenizer;  // with init
  std::string corpus;
  std::string output;
  std::string objective = "span-corruption";

  std::int64_t max_source = 512;  // encoder positions of a window
  double noise_density = 0.15;
  double mean_span = 3;

  std::int64_t steps = 10000;
  std::int64_t global_batch = 32;
  std::string micro_tokens = "auto";  // a number once the run is settled
  std::string recompute = "auto";
  std::string optimizer = "adafactor";
  double learning_rate = 0.01;
  std::string schedule = "rsqrt";
  std::optional<std::int64_t> warmup_steps;  // unset: 1,000, or a tenth of a run of fewer than 10,000 steps
  double weight_decay = 0;
  double clip = 1;
  std::optional<double> dropout;  // unset: the config's
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;

  double validation_fraction = 0.02;
  std::int64_t validation_windows = 256;
  std::string write_windows;  // empty: nowhere
  std::int64_t evaluate_every = 500;
  std::int64_t patience = 0;
  std::int64_t samples = 2;

  std::int64_t checkpoint_every = 500;
  double checkpoint_seconds = 300;
  std::int64_t keep = 2;
  bool restart = false;  // of this start alone: not kept in the configuration
  std::string export_dtype = "float32";

  std::uint64_t seed = 1;
  SessionOptions session;
  RankOptions ranks;
};

void declare(OptionTable& table, LmOptions& options);
// Current values as a config file.
std::string config_of(LmOptions options);

// Settles what was left open, in `options` too, so that a written configuration says what was used. `warmup`: what the
// run that goes on has; empty: none. Throws UserError for options that contradict each other.
void settle(LmOptions& options, const std::string& warmup);

Schedule schedule_of(const LmOptions& options);

}  // namespace prelude
