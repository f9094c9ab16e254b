// --confidence: the thresholds above which a pseudo-label of cls counts, one a class.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace prelude {

// `texts` as numbers; none leave `confidence` as it is. Throws UserError unless there are five, each at least 0 and
// less than 1.
void read_confidence(const std::vector<std::string>& texts, std::array<double, 5>& confidence);

}  // namespace prelude
