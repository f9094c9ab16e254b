#include "dist/self_communicator.h"

#include <ATen/ATen.h>

namespace prelude {
namespace {

class Done final : public Begun {
 public:
  bool advance() override { return true; }
  void finish() override {}
};

}  // namespace

at::Tensor SelfCommunicator::all_gather(const at::Tensor& mine) { return mine.unsqueeze(0); }

std::unique_ptr<Begun> SelfCommunicator::begin_all_gather(const at::Tensor& mine, const at::Tensor& all) {
  all[0].copy_(mine);
  return std::make_unique<Done>();
}

std::unique_ptr<Begun> SelfCommunicator::begin_all_reduce(const at::Tensor& /*tensor*/) {
  return std::make_unique<Done>();
}

std::unique_ptr<Communicator> SelfCommunicator::split(int /*color*/, const std::string& /*name*/) {
  return std::make_unique<SelfCommunicator>();
}

}  // namespace prelude
