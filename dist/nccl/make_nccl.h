#pragma once

#include <memory>
#include <string>

#include "dist/communicator.h"
#include "dist/watchdog/flight_recorder.h"

namespace prelude {

// All ranks of `host` over NCCL, each with its own GPU `device`. `host` sends NCCL's id, every call is noted in
// `recorder`; both outlive the result. `timeout`: the watchdog's, in seconds; NCCL itself waits a little longer. Throws
// UserError where this build has no CUDA.
std::unique_ptr<Communicator> make_nccl(Communicator& host, int device, FlightRecorder& recorder, double timeout);

// "2.28.9", or "not built in".
std::string nccl_library();

}  // namespace prelude
