// Builds the global batches of a run, ahead of the step that needs them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tasks/micro_batch_cut.h"
#include "tasks/pretext/pretext_task.h"

namespace prelude {

// A rank's examples of one step: its share of samples step * G ... step * G + G - 1 of the task's stream, sorted by
// source length (longest first, so that memory peaks at once; ties by sample index) and cut into micro-batches
// (tasks/micro_batch_cut.h). There may be none.
struct StepExamples {
  std::uint64_t step = 0;
  std::vector<std::vector<Example>> micro_batches;
  // Of all ranks where they share micro-batches, for every rank cuts them all; of this rank where they share samples.
  EncoderPositions positions;
};

// How the ranks share a step's samples, by arithmetic alone.
enum class Sharing : std::uint8_t {
  samples,        // rank r of n takes every n-th sample from r and builds no other
  micro_batches,  // all are built, sorted and cut as one rank would; rank r takes every n-th micro-batch from r
};

struct LoaderOptions {
  std::uint64_t seed = 0;
  std::int64_t global_batch = 1;    // G, examples a step of all ranks
  MicroBatchLimits limits{};        // of what is computed at once
  std::int64_t longest_source = 0;  // tokens of an example's source, at most; 0: not known
  Sharing sharing = Sharing::samples;
  int rank = 0;  // among those that share the data
  int ranks = 1;
  int threads = 1;   // workers
  int prefetch = 4;  // steps built ahead, at most
};

// The examples as micro-batches within `limits`, longest source first, ties in their order.
std::vector<std::vector<Example>> cut_by_length(std::vector<Example> examples, const MicroBatchLimits& limits);

// One step, built here and now: what Loader gives, whatever its threads. Throws what the task throws.
StepExamples load_step(const PretextTask& task, const LoaderOptions& options, std::uint64_t step);

// Micro-batches of one rank in a step, at most; a closer bound where longest_source is known.
std::int64_t most_micro_batches(const LoaderOptions& options);

// Validation samples 0 ... count - 1, sorted and cut as one rank would; the same at each call.
std::vector<std::vector<Example>> load_validation(const PretextTask& task, std::int64_t count,
                                                  const MicroBatchLimits& limits);

// Worker threads that keep the next steps ready. Its whole state is the next step's number.
class Loader {
 public:
  // `task` outlives the loader. Throws UserError for batch sizes that are not positive.
  Loader(const PretextTask& task, const LoaderOptions& options, std::uint64_t next_step);
  ~Loader();  // stops the workers after the step they are at
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // The examples of next_step(), and on to the following one. Waits until they are built; throws what a worker threw
  // while building them.
  StepExamples next();
  std::uint64_t next_step() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace prelude
