// The instruction sets that the kernels are compiled for. Which of them a processor has, kernels() knows.
#pragma once

#include "core/ops/cpu/kernels.h"

namespace prelude::cpu {

namespace baseline {
const Kernels& table();
}
namespace avx2 {
const Kernels& table();
}
namespace avx512 {
const Kernels& table();
}

}  // namespace prelude::cpu
