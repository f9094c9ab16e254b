// Tests that run where the model would: on a CUDA GPU if one is visible. PRELUDE_TEST_DEVICE=cuda demands one, so that
// a script cannot pass by skipping; PRELUDE_TEST_DEVICE=cpu runs the same cases on the CPU, to try the tests.
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
    if (wanted == "cpu") {
      device_ = at::Device(at::kCPU);
    } else if (wanted == "cuda" || visible) {
      ASSERT_TRUE(visible) << "PRELUDE_TEST_DEVICE=cuda, but no CUDA device is visible, or this build has no CUDA";
      device_ = at::Device(at::kCUDA, 0);
    } else {
      GTEST_SKIP() << "no CUDA device is visible, or this build has no CUDA";
    }
  }

  at::Device device() const { return device_; }

 private:
  at::Device device_ = at::Device(at::kCPU);
};

}  // namespace prelude::test
