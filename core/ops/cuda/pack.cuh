// Numbers of a type, several at a time, and how a launch finds the type and the number of them.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>
#include <initializer_list>

#include "core/ops/cuda/kernels.h"

namespace prelude::cuda {

// `lanes` numbers next to each other, which one instruction moves.
template <typename T, int lanes>
struct alignas(lanes * sizeof(T)) Pack {
  T number[lanes];
};

template <typename T>
constexpr int most_lanes = 16 / sizeof(T);

inline __device__ float wide(float x) { return x; }
inline __device__ float wide(__half x) { return __half2float(x); }
inline __device__ float wide(__nv_bfloat16 x) { return __bfloat162float(x); }

inline __device__ void store(float& to, float x) { to = x; }
inline __device__ void store(__half& to, float x) { to = __float2half_rn(x); }
inline __device__ void store(__nv_bfloat16& to, float x) { to = __float2bfloat16_rn(x); }

template <typename T, int lanes>
__device__ const Pack<T, lanes>* packs_at(const T* numbers) {
  return reinterpret_cast<const Pack<T, lanes>*>(numbers);
}
template <typename T, int lanes>
__device__ Pack<T, lanes>* packs_at(T* numbers) {
  return reinterpret_cast<Pack<T, lanes>*>(numbers);
}

// Every row of every tensor begins where a full pack may.
template <typename T>
bool in_full_packs(std::int64_t width, std::initializer_list<const void*> tensors) {
  std::uintptr_t low_bits = 0;
  for (const void* tensor : tensors) low_bits |= reinterpret_cast<std::uintptr_t>(tensor);
  return width % most_lanes<T> == 0 && low_bits % 16 == 0;
}

// Calls Launch<T>::with(arguments...) for the type that `number` names.
template <template <typename> class Launch, typename... Arguments>
void launch(Number number, const Arguments&... arguments) {
  switch (number) {
    case Number::float32:
      return Launch<float>::with(arguments...);
    case Number::float16:
      return Launch<__half>::with(arguments...);
    case Number::bfloat16:
      return Launch<__nv_bfloat16>::with(arguments...);
  }
}

}  // namespace prelude::cuda
