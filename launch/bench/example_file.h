// Examples as lines of a file, so that another program can compute with the same ones.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/t5/config.h"
#include "tasks/micro_batch_cut.h"
#include "tasks/pretext/pretext_task.h"

namespace prelude {

// Lines as `prelude predict` takes them, each with source_ids and target_ids; the start id is put in front of targets.
// Throws UserError naming file, line and defect.
std::vector<Example> read_examples(const std::string& path, const T5Config& config);

// What read_examples reads; the start id, a target's first, is left out.
void write_examples(const std::string& path, const std::vector<Example>& examples);

// The examples as one step of one rank, sorted and cut as pre-training does it.
std::vector<std::vector<Example>> cut_step(const std::vector<Example>& examples, const MicroBatchLimits& limits);

}  // namespace prelude
