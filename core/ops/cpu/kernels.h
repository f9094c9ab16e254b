// Float32 kernels for the CPU, compiled once an instruction set from the same text (kernels.inc) and chosen at run
// time. They know no tensor and no thread: a caller gives each of its threads a range of rows or heads.
#pragma once

#include <cstdint>
#include <span>

#include "core/ops/dropout_mask.h"
#include "core/ops/gate.h"

namespace prelude::cpu {

// Where [batch,row,head,width] lies; the width's elements are next to each other. In elements.
struct HeadLayout {
  std::int64_t batch = 0;
  std::int64_t row = 0;
  std::int64_t head = 0;
};

// softmax(q k^T + bias) v for every example and head, without a scale. Numbers that are not finite come out as plain
// operators make them; but what lengths hide is not looked at, and without any key the output is 0.
struct Attention {
  std::int64_t heads = 0;    // H
  std::int64_t queries = 0;  // S
  std::int64_t keys = 0;     // M
  std::int64_t width = 0;    // K
  const float* q = nullptr;
  const float* k = nullptr;
  const float* v = nullptr;
  HeadLayout q_layout;
  HeadLayout k_layout;
  HeadLayout v_layout;
  // Bias of query i and key j: by_distance[head][positions - 1 + (j - first_key) - i], 0 for j < first_key; or null.
  const float* by_distance = nullptr;  // [H,2*positions-1]
  std::int64_t positions = 0;
  std::int64_t first_key = 0;                   // keys before it have no position and are always seen
  bool causal = false;                          // query i sees keys up to first_key + i
  const std::int64_t* key_lengths = nullptr;    // [B]: keys from first_key + length on are hidden; or null
  const std::int64_t* query_lengths = nullptr;  // [B]: later queries are padding, their output is 0; or null
};

struct AttentionGradients {
  const float* output = nullptr;           // of the forward, [B,S,H,K]
  const float* output_gradient = nullptr;  // [B,S,H,K]
  HeadLayout output_layout;                // of both
  const float* log_sum_exp = nullptr;      // of the forward, [B,H,S]
  float* q = nullptr;
  float* k = nullptr;
  float* v = nullptr;
  HeadLayout q_layout;
  HeadLayout k_layout;
  HeadLayout v_layout;
  float* by_distance = nullptr;  // [B,H,2*positions-1], added to; or null: the bias trains not
};

struct Kernels {
  const char* instruction_set;

  // Pairs (example, head) `begin` to `end` of B*H. output [B,S,H,K] as laid out; log_sum_exp [B,H,S].
  void (*attention)(const Attention&, std::int64_t begin, std::int64_t end, float* output, HeadLayout output_layout,
                    float* log_sum_exp);
  void (*attention_gradient)(const Attention&, const AttentionGradients&, std::int64_t begin, std::int64_t end);

  // y = scale * x * inverse, inverse = 1 / sqrt(mean(x^2) + epsilon); x and y [rows,width], inverse [rows].
  void (*rms_norm)(const float* x, const float* scale, float epsilon, std::int64_t rows, std::int64_t width, float* y,
                   float* inverse);
  // x_gradient = passed + inverse (g scale) - x inverse^3 mean(g scale x); `passed` [rows,width] may be null.
  void (*rms_norm_gradient)(const float* gradient, const float* passed, const float* x, const float* scale,
                            const float* inverse, std::int64_t rows, std::int64_t width, float* x_gradient);

  // sum [width]: of gradient x inverse over the rows.
  void (*rms_norm_scale_gradient)(const float* gradient, const float* x, const float* inverse, std::int64_t rows,
                                  std::int64_t width, float* sum);

  // y [rows,width] = gate(halves[:, :width]) * halves[:, width:], halves [rows,2*width].
  void (*gated)(Gate, const float* halves, std::int64_t rows, std::int64_t width, float* y);
  void (*gated_gradient)(Gate, const float* gradient, const float* halves, std::int64_t rows, std::int64_t width,
                         float* halves_gradient);

  // Rows `begin` to `end` of B*H*S: y = x * mask.scale where the mask keeps x, else 0; x and y [B*H*S,width], keys [B].
  void (*dropout)(const DropoutMask&, const std::int64_t* keys, const float* x, std::int64_t begin, std::int64_t end,
                  std::int64_t width, float* y);
};

// The widest set that this processor has; PRELUDE_CPU=baseline, avx2 or avx512 in the environment asks for a narrower.
const Kernels& kernels();
// Every set that this processor has, widest first; for tests and bench.
std::span<const Kernels* const> all_kernels();

}  // namespace prelude::cpu
