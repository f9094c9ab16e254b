// Text to train a tokenizer with: a uniform sample of the input's lines.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tasks/corpus/build_options.h"
#include "tasks/corpus/input_files.h"
#include "tasks/corpus/input_problem.h"

namespace prelude {

// `text` (valid UTF-8) line by line, blank lines left out; a line of more than `most_bytes` (>= 4) is cut, at a space
// where there is one, else between characters. Nothing but white space is lost.
std::vector<std::string_view> lines_of_at_most(std::string_view text, std::size_t most_bytes);

struct SentenceSampleOptions {
  std::int64_t most_sentences = 0;  // > 0
  std::size_t most_bytes = 0;       // of one
  std::uint64_t seed = 1;
};

struct SentenceSample {
  std::vector<std::string> sentences;
  std::int64_t sentences_read = 0;  // those that `sentences` are a sample of
  std::int64_t documents = 0;
  ProblemCounts problems;  // left out
};

struct SentenceSampleHooks {
  std::function<void(const InputFiles&)> begins = {};
  std::function<void(std::int64_t read, std::int64_t total)> progress = {};  // bytes of the input files
  std::function<void(const InputProblem&)> left_out = {};
};

// Reads all of input.inputs as a corpus build does (text_field, limits, skip_errors), holding no more than the sample
// and one document. Which lines it takes is a function of the input, most_sentences and the seed (reservoir sampling:
// Vitter 1985, algorithm R). Throws UserError as a build does.
SentenceSample sample_sentences(const BuildOptions& input, const SentenceSampleOptions& options,
                                const SentenceSampleHooks& hooks = {});

}  // namespace prelude
