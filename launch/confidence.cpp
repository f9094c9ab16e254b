#include "launch/confidence.h"

#include "core/error.h"
#include "launch/option_value.h"

namespace prelude {

void read_confidence(const std::vector<std::string>& texts, std::array<double, 5>& confidence) {
  if (texts.empty()) return;
  require(texts.size() == confidence.size(),
          "--confidence: {} numbers are given, one for each of the {} classes is needed", texts.size(),
          confidence.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    try {
      parse_value(texts[i], confidence[i]);
    } catch (const UserError& error) {
      fail("--confidence: {}", error.what());
    }
    require(confidence[i] >= 0 && confidence[i] < 1, "--confidence: {} is not at least 0 and less than 1", texts[i]);
  }
}

}  // namespace prelude
