#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/t5/model.h"
#include "core/text/tokenizer.h"
#include "dist/communicator.h"
#include "tasks/pretext/pretext_task.h"

namespace prelude {

// What a model makes of the first `count` held-out windows, greedily, beside what was there: lines for a log, by which
// a person sees it learn. A collective of `data`, the ranks that share the data.
std::vector<std::string> completed_samples(const Model& model, const Tokenizer& tokenizer, const PretextTask& objective,
                                           std::int64_t count, Communicator& data);

}  // namespace prelude
