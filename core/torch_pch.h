// Precompiled: LibTorch's headers cost 16 to 40 s a file otherwise. Sources still include what they use.
#pragma once
#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/variable.h>

#include <nlohmann/json.hpp>
