// One rank over NCCL itself, where there is a GPU; scripts/gpu-check runs it. Without one, what is said there.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <thread>

#include "core/error.h"
#include "dist/nccl/make_nccl.h"
#include "dist/self_communicator.h"
#include "tests/core/device.h"

namespace prelude {
namespace {

using NcclOnDevice = test::OnDevice;

// The last collective of a step: the device finishes it, nobody calls another.
TEST_F(NcclOnDevice, ACallEndsWhenTheDeviceHasDoneIt) {
  SelfCommunicator host;
  FlightRecorder recorder;
  if (!device().is_cuda()) {
    EXPECT_ANY_THROW(make_nccl(host, 0, recorder, 60));
    return;
  }
  const auto ranks = make_nccl(host, 0, recorder, 60);
  const auto part = ranks->split(0, "tensor");
  at::Tensor tensor = at::ones({100000}, at::TensorOptions(device()));
  const Moment start = now();
  for (int i = 0; i < 500; ++i) part->all_reduce_sum(tensor);
  std::cout << "500 calls took the host " << seconds_since(start) << " s\n";
  const at::Tensor all = at::zeros({1, 100000}, at::TensorOptions(device()));
  const auto begun = ranks->begin_all_gather(tensor, all);
  begun->finish();
  EXPECT_EQ(all.sum().item<double>(), 100000.0);
  const auto ended = [&] {
    for (const GroupState& group : recorder.state().groups) {
      if (group.finished != group.sequence) return false;
    }
    return !recorder.waiting_since();
  };
  for (int i = 0; i < 1000 && !ended(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(ended());
  EXPECT_FALSE(recorder.failed());
  EXPECT_EQ(recorder.state().groups.back().sequence, 500U);
}

}  // namespace
}  // namespace prelude
