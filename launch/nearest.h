#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace prelude {

// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`: optimal string alignment distance.
int edit_distance(std::string_view a, std::string_view b);

// The candidate that `word` begins, or else the one with the fewest edits from it; the first among equals, empty where
// there are no candidates.
std::string nearest_of(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace prelude
