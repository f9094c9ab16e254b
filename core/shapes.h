// The letter legend for every tensor shape in this code. A comment such as `// [B,S,D]` after a tensor reads:
//
//   B  batch (examples)          S  encoder length, prompt rows included once they are in
//   T  decoder length            P  prompt rows
//   D  model width (d_model)     H  attention heads
//   K  head width (d_kv)         F  feed-forward width (d_ff)
//   V  vocabulary                R  relative-position buckets
#pragma once
