// What `prelude corpus label` is asked to do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "launch/options.h"
#include "launch/ranks.h"
#include "launch/session.h"

namespace prelude {

struct CorpusLabelOptions {
  std::string corpus;
  std::string backbone;
  std::string prompt;
  std::string output;
  std::string text = "{sentence}<extra_id_0>";
  std::vector<std::string> label_words;  // empty: PPT's
  std::int64_t max_source = 0;           // encoder positions, prompt rows included; 0: the task's
  std::vector<double> confidence;        // five numbers; empty: PPT's
  std::int64_t limit = 0;                // 0: all
  double fraction = 1;
  std::uint64_t seed = 1;
  std::string micro_tokens = "auto";
  std::int64_t batch_size = 256;
  SessionOptions session;
  RankOptions ranks;
};

void declare(OptionTable& table, CorpusLabelOptions& options);

// What is used where an option is left open.
std::int64_t max_source_of(const CorpusLabelOptions& options);
const std::vector<std::string>& label_words_of(const CorpusLabelOptions& options);

}  // namespace prelude
