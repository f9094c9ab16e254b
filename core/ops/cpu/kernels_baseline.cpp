#define PRELUDE_SET baseline
#define PRELUDE_LANES 4
#define PRELUDE_TILE_ROWS 3
#define PRELUDE_TILE_COLUMNS 2
#include "core/ops/cpu/kernels.inc"
