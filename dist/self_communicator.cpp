#include "dist/self_communicator.h"

#include <ATen/ATen.h>

namespace prelude {

at::Tensor SelfCommunicator::all_gather(const at::Tensor& mine) { return mine.unsqueeze(0); }

std::unique_ptr<Communicator> SelfCommunicator::split(int /*color*/, const std::string& /*name*/) {
  return std::make_unique<SelfCommunicator>();
}

}  // namespace prelude
