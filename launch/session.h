// The machine side of a command: device, number type and threads.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>

#include "launch/options.h"

namespace prelude {

struct SessionOptions {
  std::string device;  // "cpu", "cuda"; empty: cuda if there is one
  std::string dtype;   // "float32", "bfloat16"; empty: bfloat16 on cuda, float32 on cpu
  int threads = 0;     // 0: one a core, shared out over the ranks of the host
};

// --device, --dtype, --threads.
void declare_session(OptionTable& table, SessionOptions& options);

struct Session {
  at::Device device;
  at::ScalarType dtype;  // of the backbone's weights and activations
  int threads;
};

// Which of the ranks on this host a process is.
struct HostPlace {
  int rank = 0;
  int ranks = 1;
  bool shared_gpu = false;  // ranks may share a GPU
};

// Settles what was left open, in `options` too, so that a written configuration says what was used. Throws UserError
// where cuda is asked for and this build or this machine has none.
//
// Sets the process's thread count, and on cuda asks LibTorch for deterministic kernels and full float32 products. CPU
// results are a function of the thread count: matrix libraries cut sums by it, so a run records it. Denormal numbers
// keep their IEEE meaning: flushing is a state of each thread, and worker threads would round unlike the main one.
//
// Where several ranks run on this host, each takes its part of the cores and a GPU of its own, unless they may share
// one.
Session open_session(SessionOptions& options, const HostPlace& place = {});

}  // namespace prelude
