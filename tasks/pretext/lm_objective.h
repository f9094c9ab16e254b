// The objectives that train a whole model on plain text, by name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/text/tokenizer.h"
#include "tasks/corpus/corpus.h"
#include "tasks/pretext/pretext_task.h"
#include "tasks/pretext/span_lengths.h"

namespace prelude {

struct LmObjectiveOptions {
  std::int64_t max_source = 512;      // encoder positions, </s> included
  SpanNoise noise{};                  // span-corruption
  double validation_fraction = 0.05;  // of the documents, the last ones; at least one
  std::int32_t start_id = 0;          // the backbone's decoder_start_token_id
};

// In tokens. Every span-corrupted example has exactly these; a prefix-lm example has at most these.
struct LmLengths {
  std::int64_t window;  // of the text
  std::int64_t source;  // encoder positions, at most max_source
  std::int64_t target;  // labels, so decoder positions
};

// "span-corruption", "prefix-lm".
const std::vector<std::string>& lm_objective_names();

// Throws UserError where the name is unknown or the options do not work out.
LmLengths lm_lengths(const std::string& name, const LmObjectiveOptions& options);

// Its samples are functions of (seed, index); label_ids() is empty, and the examples offer no options. Keeps a
// reference to `corpus`, which must outlive it; copies what it needs of the tokenizer. Throws UserError where the name
// is unknown, the options do not work out, the corpus was built with another tokenizer or is shorter than one example,
// or there are more spans than sentinels.
std::unique_ptr<PretextTask> make_lm_objective(const std::string& name, const Corpus& corpus,
                                               const Tokenizer& tokenizer, const LmObjectiveOptions& options);

}  // namespace prelude
