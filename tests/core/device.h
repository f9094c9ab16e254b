// Tests that run where the model would: on a CUDA GPU if one is visible, else on the CPU. PRELUDE_TEST_DEVICE=cuda
// demands a GPU, so that a script does not take the CPU's word for it; cpu asks for the CPU where there is a GPU.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace prelude::test {

class OnDevice : public testing::Test {
 protected:
  void SetUp() override {
    const char* const asked = std::getenv("PRELUDE_TEST_DEVICE");
    const std::string wanted = asked == nullptr ? "" : asked;
    const bool visible = at::globalContext().hasCUDA();
    ASSERT_TRUE(visible || wanted != "cuda")
        << "PRELUDE_TEST_DEVICE=cuda, but no CUDA device is visible, or this build has no CUDA";
    device_ = visible && wanted != "cpu" ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
  }

  at::Device device() const { return device_; }

 private:
  at::Device device_ = at::Device(at::kCPU);
};

}  // namespace prelude::test
