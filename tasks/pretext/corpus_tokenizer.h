// A corpus holds the ids of one tokenizer.
#pragma once

#include "core/text/tokenizer.h"
#include "tasks/corpus/corpus.h"

namespace prelude {

// Throws UserError where `corpus` was built with another tokenizer than this, the backbone's.
void require_tokenizer(const Corpus& corpus, const Tokenizer& tokenizer);

}  // namespace prelude
