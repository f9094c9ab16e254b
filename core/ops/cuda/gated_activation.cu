// A thread a pack of each half; the blocks of a row lie along the grid's second dimension.
#include "core/ops/cuda/pack.cuh"

namespace prelude::cuda {
namespace {

constexpr unsigned int threads = 256;

struct Activated {
  float value;
  float slope;  // not of ReLU
};

// x s(2u) with s the logistic function: GELU's tanh form has 2u = 2 sqrt(2/pi) (x + 0.044715 x^3), SiLU 2u = x.
template <Gate gate>
__device__ Activated activate(float x) {
  if constexpr (gate == Gate::relu) {
    return {x <= 0 ? 0.0F : x, 0.0F};
  } else {
    constexpr float twice_root = 1.5957691216F;  // 2 sqrt(2 / pi)
    constexpr float cubic = 0.044715F;
    float exponent = x;
    float steepness = 1.0F;  // of the exponent
    if constexpr (gate == Gate::gelu_tanh) {
      exponent = x * (twice_root + twice_root * cubic * x * x);
      steepness = twice_root + 3.0F * twice_root * cubic * x * x;
    }
    const float s = 1.0F / (1.0F + expf(-exponent));
    return {x * s, s + x * s * (1.0F - s) * steepness};
  }
}

__device__ std::int64_t pack_in_row() { return static_cast<std::int64_t>(blockIdx.y) * blockDim.x + threadIdx.x; }

template <Gate gate, typename T, int lanes>
__global__ void multiply_halves(const T* halves, std::int64_t width, T* y) {
  const std::int64_t row = blockIdx.x;
  const std::int64_t i = pack_in_row();
  if (i >= width / lanes) return;
  const auto first = packs_at<T, lanes>(halves + 2 * row * width)[i];
  const auto second = packs_at<T, lanes>(halves + (2 * row + 1) * width)[i];
  Pack<T, lanes> out;
  for (int k = 0; k < lanes; ++k) {
    store(out.number[k], activate<gate>(wide(first.number[k])).value * wide(second.number[k]));
  }
  packs_at<T, lanes>(y + row * width)[i] = out;
}

template <Gate gate, typename T, int lanes>
__global__ void differentiate_halves(const T* gradient, const T* halves, std::int64_t width, T* halves_gradient) {
  const std::int64_t row = blockIdx.x;
  const std::int64_t i = pack_in_row();
  if (i >= width / lanes) return;
  const auto g = packs_at<T, lanes>(gradient + row * width)[i];
  const auto first = packs_at<T, lanes>(halves + 2 * row * width)[i];
  const auto second = packs_at<T, lanes>(halves + (2 * row + 1) * width)[i];
  Pack<T, lanes> to_first;
  Pack<T, lanes> to_second;
  for (int k = 0; k < lanes; ++k) {
    const float x = wide(first.number[k]);
    const Activated activated = activate<gate>(x);
    const float to_value = wide(g.number[k]) * wide(second.number[k]);
    // ReLU's is chosen, not multiplied: 0 also of a gradient that is not finite.
    const float chosen = x <= 0 ? 0.0F : to_value;
    store(to_first.number[k], gate == Gate::relu ? chosen : to_value * activated.slope);
    store(to_second.number[k], wide(g.number[k]) * activated.value);
  }
  packs_at<T, lanes>(halves_gradient + 2 * row * width)[i] = to_first;
  packs_at<T, lanes>(halves_gradient + (2 * row + 1) * width)[i] = to_second;
}

dim3 grid_for(std::int64_t rows, std::int64_t packs) {
  return {static_cast<unsigned int>(rows), static_cast<unsigned int>((packs + threads - 1) / threads)};
}

template <typename T>
struct Gated {
  template <Gate gate, int lanes>
  static void run(const void* halves, std::int64_t rows, std::int64_t width, void* y, Stream stream) {
    multiply_halves<gate, T, lanes><<<grid_for(rows, width / lanes), threads, 0, stream>>>(
        static_cast<const T*>(halves), width, static_cast<T*>(y));
  }

  template <Gate gate>
  static void with_gate(const void* halves, std::int64_t rows, std::int64_t width, void* y, Stream stream) {
    if (in_full_packs<T>(width, {halves, y})) return run<gate, most_lanes<T>>(halves, rows, width, y, stream);
    run<gate, 1>(halves, rows, width, y, stream);
  }

  static void with(Gate gate, const void* halves, std::int64_t rows, std::int64_t width, void* y, Stream stream) {
    switch (gate) {
      case Gate::relu:
        return with_gate<Gate::relu>(halves, rows, width, y, stream);
      case Gate::gelu_tanh:
        return with_gate<Gate::gelu_tanh>(halves, rows, width, y, stream);
      case Gate::silu:
        return with_gate<Gate::silu>(halves, rows, width, y, stream);
    }
  }
};

template <typename T>
struct GatedGradient {
  template <Gate gate, int lanes>
  static void run(const void* gradient, const void* halves, std::int64_t rows, std::int64_t width,
                  void* halves_gradient, Stream stream) {
    differentiate_halves<gate, T, lanes><<<grid_for(rows, width / lanes), threads, 0, stream>>>(
        static_cast<const T*>(gradient), static_cast<const T*>(halves), width, static_cast<T*>(halves_gradient));
  }

  template <Gate gate>
  static void with_gate(const void* gradient, const void* halves, std::int64_t rows, std::int64_t width,
                        void* halves_gradient, Stream stream) {
    if (in_full_packs<T>(width, {gradient, halves, halves_gradient})) {
      return run<gate, most_lanes<T>>(gradient, halves, rows, width, halves_gradient, stream);
    }
    run<gate, 1>(gradient, halves, rows, width, halves_gradient, stream);
  }

  static void with(Gate gate, const void* gradient, const void* halves, std::int64_t rows, std::int64_t width,
                   void* halves_gradient, Stream stream) {
    switch (gate) {
      case Gate::relu:
        return with_gate<Gate::relu>(gradient, halves, rows, width, halves_gradient, stream);
      case Gate::gelu_tanh:
        return with_gate<Gate::gelu_tanh>(gradient, halves, rows, width, halves_gradient, stream);
      case Gate::silu:
        return with_gate<Gate::silu>(gradient, halves, rows, width, halves_gradient, stream);
    }
  }
};

}  // namespace

void launch_gated(Number number, Gate gate, const void* halves, std::int64_t rows, std::int64_t width, void* y,
                  Stream stream) {
  if (rows > 0 && width > 0) launch<Gated>(number, gate, halves, rows, width, y, stream);
}

void launch_gated_gradient(Number number, Gate gate, const void* gradient, const void* halves, std::int64_t rows,
                           std::int64_t width, void* halves_gradient, Stream stream) {
  if (rows == 0 || width == 0) return;
  launch<GatedGradient>(number, gate, gradient, halves, rows, width, halves_gradient, stream);
}

}  // namespace prelude::cuda
