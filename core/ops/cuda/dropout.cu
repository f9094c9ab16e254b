// A thread a pack; the blocks of a row lie along the grid's second dimension.
#include "core/ops/cuda/pack.cuh"

namespace prelude::cuda {
namespace {

constexpr unsigned int threads = 256;

template <typename T, int lanes>
__global__ void drop(DropoutMask mask, const std::int64_t* keys, const T* x, std::int64_t width, T* y) {
  const std::int64_t row = blockIdx.x;
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.y) * blockDim.x + threadIdx.x;
  if (i >= width / lanes) return;
  const std::uint64_t key = mask.row_key(keys, row);
  const auto column = static_cast<std::uint32_t>(mask.first_column + i * lanes);
  const auto in = packs_at<T, lanes>(x + row * width)[i];
  Pack<T, lanes> out;
  for (int k = 0; k < lanes; ++k) {
    // A product, so that what is not finite shows where it is dropped, too.
    const float factor = dropout_word(column + k, key) >= mask.threshold ? mask.scale : 0.0F;
    store(out.number[k], wide(in.number[k]) * factor);
  }
  packs_at<T, lanes>(y + row * width)[i] = out;
}

template <typename T>
struct Drop {
  template <int lanes>
  static void run(const DropoutMask& mask, const std::int64_t* keys, const void* x, std::int64_t rows,
                  std::int64_t width, void* y, Stream stream) {
    const dim3 grid(static_cast<unsigned int>(rows),
                    static_cast<unsigned int>((width / lanes + threads - 1) / threads));
    drop<T, lanes><<<grid, threads, 0, stream>>>(mask, keys, static_cast<const T*>(x), width, static_cast<T*>(y));
  }

  static void with(const DropoutMask& mask, const std::int64_t* keys, const void* x, std::int64_t rows,
                   std::int64_t width, void* y, Stream stream) {
    if (in_full_packs<T>(width, {x, y})) return run<most_lanes<T>>(mask, keys, x, rows, width, y, stream);
    run<1>(mask, keys, x, rows, width, y, stream);
  }
};

}  // namespace

void launch_dropout(Number number, const DropoutMask& mask, const std::int64_t* keys, const void* x, std::int64_t rows,
                    std::int64_t width, void* y, Stream stream) {
  if (rows > 0 && width > 0) launch<Drop>(number, mask, keys, x, rows, width, y, stream);
}

}  // namespace prelude::cuda
