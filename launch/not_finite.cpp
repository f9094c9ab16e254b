#include "launch/not_finite.h"

namespace prelude {

std::string advice_for(NotFiniteCause cause) {
  if (cause == NotFiniteCause::training) return "the training diverged: lower --learning-rate, or try --dtype float32";
  return "the backbone or the prompt holds numbers that are not finite (`prelude inspect --verify` shows where), or "
         "half precision overflowed (try --dtype float32)";
}

}  // namespace prelude
