// Stands for launch/train/graphs/graphed.cpp in a build without CUDA.
#include "core/error.h"
#include "launch/train/graphs/graphed.h"

namespace prelude {

std::unique_ptr<LossAndGradient> make_graphed(const Model& /*model*/, const Delta& /*delta*/, at::Device /*device*/) {
  fail("--cuda-graphs: this build has no CUDA; build the preset cuda-release, or leave it out");
}

}  // namespace prelude
