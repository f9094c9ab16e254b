// A block a row. The second time a row is read, it comes out of the cache.
#include <algorithm>

#include "core/ops/cuda/pack.cuh"

namespace prelude::cuda {
namespace {

constexpr int warp = 32;
constexpr std::int64_t most_threads = 512;

// The sum over the block's threads (whole warps of them), the same bits in each. Once a kernel.
__device__ float block_sum(float value) {
  __shared__ float sums[most_threads / warp];
  for (int offset = warp / 2; offset > 0; offset /= 2) value += __shfl_xor_sync(0xffffffffU, value, offset);
  if (threadIdx.x % warp == 0) sums[threadIdx.x / warp] = value;
  __syncthreads();
  float sum = 0;
  for (unsigned int i = 0; i < blockDim.x / warp; ++i) sum += sums[i];
  return sum;
}

template <typename T, int lanes>
__global__ void norm_row(const T* x, const T* scale, float epsilon, std::int64_t width, T* y, float* inverse) {
  const std::int64_t row = blockIdx.x;
  const auto* const from = packs_at<T, lanes>(x + row * width);
  const auto* const scales = packs_at<T, lanes>(scale);
  auto* const to = packs_at<T, lanes>(y + row * width);
  const std::int64_t packs = width / lanes;
  float squares = 0;
  for (std::int64_t i = threadIdx.x; i < packs; i += blockDim.x) {
    const auto in = from[i];
    for (int k = 0; k < lanes; ++k) squares += wide(in.number[k]) * wide(in.number[k]);
  }
  const float r = 1.0F / sqrtf(block_sum(squares) / static_cast<float>(width) + epsilon);
  if (threadIdx.x == 0) inverse[row] = r;
  for (std::int64_t i = threadIdx.x; i < packs; i += blockDim.x) {
    const auto in = from[i];
    const auto s = scales[i];
    Pack<T, lanes> out;
    for (int k = 0; k < lanes; ++k) store(out.number[k], wide(in.number[k]) * r * wide(s.number[k]));
    to[i] = out;
  }
}

template <typename T, int lanes>
__global__ void differentiate_row(const T* gradient, const T* passed, const T* x, const T* scale, const float* inverse,
                                  std::int64_t width, T* x_gradient) {
  const std::int64_t row = blockIdx.x;
  const auto* const gradients = packs_at<T, lanes>(gradient + row * width);
  const auto* const from = packs_at<T, lanes>(x + row * width);
  const auto* const scales = packs_at<T, lanes>(scale);
  auto* const to = packs_at<T, lanes>(x_gradient + row * width);
  const std::int64_t packs = width / lanes;
  float along = 0;
  for (std::int64_t i = threadIdx.x; i < packs; i += blockDim.x) {
    const auto g = gradients[i];
    const auto s = scales[i];
    const auto in = from[i];
    for (int k = 0; k < lanes; ++k) along += wide(g.number[k]) * wide(s.number[k]) * wide(in.number[k]);
  }
  const float r = inverse[row];
  const float pull = block_sum(along) / static_cast<float>(width) * r * r * r;
  for (std::int64_t i = threadIdx.x; i < packs; i += blockDim.x) {
    const auto g = gradients[i];
    const auto s = scales[i];
    const auto in = from[i];
    Pack<T, lanes> added{};  // zeros
    if (passed != nullptr) added = packs_at<T, lanes>(passed + row * width)[i];
    Pack<T, lanes> out;
    for (int k = 0; k < lanes; ++k) {
      const float own = wide(g.number[k]) * wide(s.number[k]) * r - wide(in.number[k]) * pull;
      store(out.number[k], own + wide(added.number[k]));
    }
    to[i] = out;
  }
}

// One for each pack of a row, in whole warps.
unsigned int threads_for(std::int64_t packs) {
  return static_cast<unsigned int>(std::clamp<std::int64_t>((packs + warp - 1) / warp * warp, warp, most_threads));
}

template <typename T>
struct Norm {
  template <int lanes>
  static void run(const void* x, const void* scale, float epsilon, std::int64_t rows, std::int64_t width, void* y,
                  float* inverse, Stream stream) {
    norm_row<T, lanes><<<static_cast<unsigned int>(rows), threads_for(width / lanes), 0, stream>>>(
        static_cast<const T*>(x), static_cast<const T*>(scale), epsilon, width, static_cast<T*>(y), inverse);
  }

  static void with(const void* x, const void* scale, float epsilon, std::int64_t rows, std::int64_t width, void* y,
                   float* inverse, Stream stream) {
    if (in_full_packs<T>(width, {x, scale, y})) {
      run<most_lanes<T>>(x, scale, epsilon, rows, width, y, inverse, stream);
    } else {
      run<1>(x, scale, epsilon, rows, width, y, inverse, stream);
    }
  }
};

template <typename T>
struct NormGradient {
  template <int lanes>
  static void run(const void* gradient, const void* passed, const void* x, const void* scale, const float* inverse,
                  std::int64_t rows, std::int64_t width, void* x_gradient, Stream stream) {
    differentiate_row<T, lanes><<<static_cast<unsigned int>(rows), threads_for(width / lanes), 0, stream>>>(
        static_cast<const T*>(gradient), static_cast<const T*>(passed), static_cast<const T*>(x),
        static_cast<const T*>(scale), inverse, width, static_cast<T*>(x_gradient));
  }

  static void with(const void* gradient, const void* passed, const void* x, const void* scale, const float* inverse,
                   std::int64_t rows, std::int64_t width, void* x_gradient, Stream stream) {
    if (in_full_packs<T>(width, {gradient, passed, x, scale, x_gradient})) {
      run<most_lanes<T>>(gradient, passed, x, scale, inverse, rows, width, x_gradient, stream);
    } else {
      run<1>(gradient, passed, x, scale, inverse, rows, width, x_gradient, stream);
    }
  }
};

}  // namespace

void launch_rms_norm(Number number, const void* x, const void* scale, float epsilon, std::int64_t rows,
                     std::int64_t width, void* y, float* inverse, Stream stream) {
  if (rows > 0) launch<Norm>(number, x, scale, epsilon, rows, width, y, inverse, stream);
}

void launch_rms_norm_gradient(Number number, const void* gradient, const void* passed, const void* x, const void* scale,
                              const float* inverse, std::int64_t rows, std::int64_t width, void* x_gradient,
                              Stream stream) {
  if (rows == 0) return;
  launch<NormGradient>(number, gradient, passed, x, scale, inverse, rows, width, x_gradient, stream);
}

}  // namespace prelude::cuda
