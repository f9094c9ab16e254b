// Few-shot draws: which examples of a labelled set are trained on and which choose the model (Gu et al. 2022,
// section 5.1: 32 and 32, balanced; 8 a label where there are more labels).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace prelude {

// Indices into the set, ascending; no index is in both.
struct FewShot {
  std::vector<std::int64_t> train;
  std::vector<std::int64_t> dev;
};

// 32; for more than 5 classes 8 a class.
std::int64_t default_shots(std::int64_t classes);

// Draws `shots` examples to train on and `dev_shots` others (-1: as many; 0: none). labels[i] is in [0, classes). Each
// class has shots / classes of them, rounded down, and the seed says which classes have one more where that leaves a
// remainder. A function of its arguments alone, the same on every machine. `names[class]` is what messages call a class
// (empty: its number). Throws UserError where a class has no example, or fewer than the draw needs.
FewShot draw_few_shot(const std::vector<std::int32_t>& labels, std::int64_t classes, std::int64_t shots,
                      std::uint64_t seed, std::int64_t dev_shots = -1, const std::vector<std::string>& names = {});

}  // namespace prelude
