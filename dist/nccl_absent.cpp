// Stands for dist/nccl in a build without CUDA.
#include "core/error.h"
#include "dist/nccl/make_nccl.h"

namespace prelude {

std::unique_ptr<Communicator> make_nccl(Communicator& /*host*/, int /*device*/, FlightRecorder& /*recorder*/,
                                        double /*timeout*/) {
  fail("--collectives nccl: this build has no CUDA; build the preset cuda-release, or use --collectives mpi");
}

std::string nccl_library() { return "not built in"; }

}  // namespace prelude
