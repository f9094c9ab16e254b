#define PRELUDE_SET avx2
#define PRELUDE_LANES 8
#define PRELUDE_TILE_ROWS 6
#define PRELUDE_TILE_COLUMNS 2
#include "core/ops/cpu/kernels.inc"
