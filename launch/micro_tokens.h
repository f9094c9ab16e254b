// --micro-tokens: how many encoder positions a rank computes at once, as a number or as what the machine affords.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>

#include "core/t5/config.h"
#include "core/t5/model.h"
#include "core/t5/step_memory.h"
#include "launch/options.h"
#include "launch/ranks.h"
#include "launch/session.h"
#include "tasks/micro_batch_cut.h"

namespace prelude {

inline constexpr const char* auto_micro_tokens = "auto";

void declare_micro_tokens(OptionTable& table, std::string& micro_tokens);
// None: auto. Throws UserError for what is neither that nor a whole number above 0.
std::optional<std::int64_t> parse_micro_tokens(const std::string& text);

// The largest examples that are to come.
struct ExampleShape {
  std::int64_t prompt;                                 // P
  std::int64_t longest;                                // encoder positions, prompt rows included
  std::int64_t target;                                 // T
  std::int64_t at_once = MicroBatchLimits::unlimited;  // examples of a micro-batch, at most
};

// Of lines of a file, whose lengths nobody knows before they are read.
inline constexpr std::int64_t usual_longest_source = 1024;
inline constexpr std::int64_t usual_target = 32;

// More positions at once are not faster on such a device.
std::int64_t efficient_positions(at::Device device);

// The largest power of two, at most `most` and at least 1, of which a micro-batch of a training step takes no more than
// `bytes` (core/t5/step_memory.h), whether its examples are long or short. A power of two, so that a little more or
// less of free memory makes no other cut, and no other rounding.
std::int64_t affordable_positions(const T5Config& config, const ExampleShape& shape, const StepPlace& place,
                                  std::int64_t bytes, std::int64_t most);

// never, auto or always.
void declare_recompute(OptionTable& table, std::string& recompute);
// Whether layers are to be run again backward (core/t5/recompute.h). `auto`: where on some rank one example of the
// longest kind does not fit without. The same on all ranks, which all call it. `training_state`: bytes of gradient and
// optimiser where all weights train (core/t5/backbone_training.h).
bool settled_recompute(const std::string& text, const Model& model, const ExampleShape& shape, const Session& session,
                       const Ranks& ranks, std::int64_t training_state = 0);

// `text` as a number, for a model that has been told whether to run its layers again. `auto` is what the rank with the
// least memory affords now, with its weights loaded, and no more than the device gains by: the same on all ranks, which
// all call it.
std::string settled_micro_tokens(const std::string& text, const Model& model, const ExampleShape& shape,
                                 const Session& session, const Ranks& ranks, std::int64_t training_state = 0);

// `micro_tokens`: settled; `micro_batch`: examples at once, at most; `config`: of the backbone, which says what one
// more micro-batch costs on a GPU.
MicroBatchLimits micro_batch_limits(const std::string& micro_tokens, std::int64_t micro_batch, std::int64_t prompt_rows,
                                    const T5Config& config, at::Device device);

}  // namespace prelude
