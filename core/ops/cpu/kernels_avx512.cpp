#define PRELUDE_SET avx512
#define PRELUDE_LANES 16
#define PRELUDE_TILE_ROWS 6
#define PRELUDE_TILE_COLUMNS 4
#include "core/ops/cpu/kernels.inc"
