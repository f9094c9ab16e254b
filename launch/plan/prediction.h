// What a training step costs each rank, counted, and how long it would take, predicted from stated assumptions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/t5/backbone_training.h"
#include "core/t5/parallel_cost.h"
#include "core/t5/step_memory.h"

namespace prelude {

// Nothing here is measured. The defaults are one GPU of the H200 kind, eight a host: docs/performance.md, "Before a
// job".
struct MachineAssumptions {
  double matmul_tflops = 590;  // useful FLOPs a second that a rank sustains, 1e12
  double link_gbytes = 300;    // what a rank sends to the others of its host, 1e9 bytes a second
  double network_gbytes = 40;  // what a rank sends to other hosts
  double latency_us = 20;      // of one collective, whatever its size and its ranks
  double memory_gib = 139;     // of a rank's device
  std::int64_t ranks_per_host = 8;
};

struct PlannedJob {
  T5Config config;
  bool backbone = false;      // all weights train and there is no prompt; else a prompt alone
  BackboneTraining training;  // with `backbone`
  std::int64_t prompt = 100;
  std::int64_t source = 412;  // mean text tokens of an example, prompt rows not counted
  std::int64_t target = 10;   // mean label tokens
  std::int64_t global_batch = 32;
  std::int64_t micro_batch = 16;
  std::int64_t tensor = 1;
  bool gather = false;  // a data rank holds a part of every layer (--shard gather); not with `tensor`
  std::int64_t element_bytes = 2;
  std::vector<std::int64_t> ranks;  // multiples of `tensor`
  bool fixed_batch = false;         // the same global batch for all `ranks`; else the first one's examples a rank
  bool padded = true;               // lengths differ within a micro-batch
  bool cpu_kernels = false;         // computes in float32 on CPUs
  bool recompute = false;           // layers are run again backward: half as much computing more

  std::int64_t positions() const { return prompt + source; }
  StepPlace place(std::int64_t tensor_ranks) const {
    return {tensor_ranks, element_bytes, cpu_kernels, recompute, backbone};
  }
};

// One number of ranks. Counts are of one step on the rank with the most examples.
struct RanksPlan {
  std::int64_t ranks = 0;
  std::int64_t data = 0;  // data-parallel groups
  std::int64_t global_batch = 0;
  std::int64_t examples = 0;  // of the data rank that has most; all tensor ranks of a group compute the same ones
  std::int64_t micro_batches = 0;
  TensorCollectives tensor;        // of all micro-batches
  std::int64_t world_sum = 0;      // bytes that the ranks add up; where weights train, the data ranks; 0 for one rank
  std::int64_t weight_gather = 0;  // bytes of weights that data ranks give each other after updating a shard each
  Collectives gathers;             // of layers, of all micro-batches, in a step that follows another
  std::int64_t weights = 0;        // bytes held, and of the memory into which layers are gathered
  double tensor_sent = 0;          // bytes that the rank sends
  double gather_sent = 0;
  double world_sent = 0;  // of both
  RankFlops flops{};
  std::int64_t corpus_bytes = 0;  // tokens of its examples
  StepMemory memory;              // of one micro-batch

  double compute_seconds = 0;
  double tensor_seconds = 0;
  double gather_seconds = 0;
  double world_seconds = 0;
  double seconds() const { return compute_seconds + tensor_seconds + gather_seconds + world_seconds; }
  // The same where layers are gathered entirely beside the products.
  double overlapped_seconds() const {
    return std::max(compute_seconds, gather_seconds) + tensor_seconds + world_seconds;
  }
  double examples_per_second() const { return static_cast<double>(global_batch) / seconds(); }
  double efficiency = 0;  // useful FLOPs of the step over what all ranks could do in its time at the assumed rate
  double scaling = 0;     // examples a second and rank over those of the first number of ranks
};

std::vector<RanksPlan> plan_ranks(const PlannedJob& job, const MachineAssumptions& machine);

// The tensor degree, more than 1, with which the same ranks would compute the same global batch fastest, and how; empty
// where none divides the ranks and fits the memory.
struct TensorRival {
  std::int64_t tensor = 0;
  double seconds = 0;
};
std::optional<TensorRival> tensor_rival(const PlannedJob& job, const RanksPlan& row, const MachineAssumptions& machine);

// Whether every tensor group stays in a host: its ranks are neighbours, hosts are filled in order.
bool tensor_groups_in_host(std::int64_t ranks, std::int64_t tensor, const MachineAssumptions& machine);

// Bytes of a rank's weights: what is held, and the memory into which layers are gathered.
std::int64_t weight_bytes(const PlannedJob& job, std::int64_t tensor, std::int64_t data);
// What stays beside the weights at the first number of ranks, where all of them train.
TrainingState backbone_state(const PlannedJob& job, std::int64_t tensor);
// Its bytes, or those of a prompt's.
std::int64_t state_bytes(const PlannedJob& job, std::int64_t tensor);
// Bytes of one micro-batch of `micro_batch` examples.
StepMemory micro_batch_memory(const PlannedJob& job, std::int64_t tensor, std::int64_t micro_batch);
// Bytes of a rank at the first number of ranks: weights, what trains, and the step of one micro-batch.
std::int64_t rank_bytes(const PlannedJob& job, std::int64_t tensor, std::int64_t micro_batch);

// What would fit the assumed memory where the job does not, one thing changed at a time; empty where nothing does.
struct Remedy {
  std::optional<std::int64_t> tensor;       // the smallest larger degree, same micro-batch
  std::optional<std::int64_t> micro_batch;  // the largest smaller one, same degree
  bool recompute = false;                   // layers run again backward, where the job does not
};
Remedy remedy(const PlannedJob& job, std::int64_t micro_batch, const MachineAssumptions& machine);

double gib(std::int64_t bytes);

}  // namespace prelude
