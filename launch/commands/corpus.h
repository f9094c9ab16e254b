#pragma once

#include "launch/command.h"

namespace prelude {

// `prelude corpus build`: text to a corpus folder.
Command corpus_build_command();
// `prelude corpus stats`: counts and distributions.
Command corpus_stats_command();
// `prelude corpus verify`: every checksum and every invariant.
Command corpus_verify_command();
// `prelude corpus label`: a copy with a pseudo-label for each sentence, out of a backbone and a prompt.
Command corpus_label_command();

}  // namespace prelude
