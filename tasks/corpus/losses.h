// What a corpus has lost of its text, in words.
#pragma once

#include <string>
#include <vector>

#include "tasks/corpus/input_problem.h"
#include "tasks/corpus/manifest.h"

namespace prelude {

// What of the input is not in the corpus, and how much of it the tokenizer does not know: "the filters dropped 40 of 60
// documents and 100 of 120 sentences; 2 left out: 2 bad_utf8; <unk> are 31.2 % of the tokens"; "nothing left out".
std::string describe_losses(const Manifest& manifest, const ProblemCounts& problems);
// A line for each of these that is large: more than half of the documents or sentences, more than 5 % of the tokens.
std::vector<std::string> warnings_of_losses(const Manifest& manifest);

}  // namespace prelude
