#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace prelude {

// Where a run is, apart from the delta and the optimiser: everything that later steps depend on, so that a run
// continued from here goes on as if it had never stopped. The loader's whole state is `step`.
struct TrainState {
  std::int64_t step = 0;                                       // batches done, skipped updates counted
  std::int64_t skipped = 0;                                    // updates that were not finite
  std::int64_t skipped_in_row = 0;                             // of them, the newest ones without a good one between
  std::int64_t validated_step = -1;                            // the newest validation was before this step
  double best_loss = std::numeric_limits<double>::infinity();  // of validations
  std::int64_t best_step = -1;                                 // -1: none yet
  std::int64_t validations_since_best = 0;
  bool out_of_patience = false;
};

// One line of JSON and back; what a checkpoint holds. Reading throws UserError naming the field that is missing, of a
// wrong type or out of range.
std::string state_text(const TrainState& state);
TrainState parse_state(const std::string& text);

}  // namespace prelude
