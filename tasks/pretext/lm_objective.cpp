#include "tasks/pretext/lm_objective.h"

#include <array>

#include "core/error.h"
#include "tasks/pretext/corpus_tokenizer.h"
#include "tasks/pretext/prefix_lm.h"
#include "tasks/pretext/span_corruption.h"

namespace prelude {
namespace {

LmLengths span_corruption_lengths(const LmObjectiveOptions& options) {
  const SpanLengths lengths = span_lengths(options.max_source, options.noise);
  return {lengths.window, lengths.source, lengths.target};
}

// Source and target share the window, and each has a </s> behind its part.
LmLengths prefix_lm_lengths(const LmObjectiveOptions& options) {
  require(options.max_source >= 3, "--max-source {}: prefix-lm needs 3 or more, two tokens to split and </s>",
          options.max_source);
  const std::int64_t window = options.max_source - 1;
  return {window, window, window};
}

template <typename Objective>
std::unique_ptr<PretextTask> make(const Corpus& corpus, const Tokenizer& tokenizer, const LmObjectiveOptions& options) {
  return std::make_unique<Objective>(corpus, tokenizer, options);
}

struct Row {
  const char* name;
  LmLengths (*lengths)(const LmObjectiveOptions&);
  std::unique_ptr<PretextTask> (*make)(const Corpus&, const Tokenizer&, const LmObjectiveOptions&);
};

constexpr std::array<Row, 2> table{{
    {"span-corruption", span_corruption_lengths, make<SpanCorruption>},
    {"prefix-lm", prefix_lm_lengths, make<PrefixLm>},
}};

const Row& find_objective(const std::string& name) {
  for (const Row& row : table) {
    if (name == row.name) return row;
  }
  fail("--objective {}: there is no such objective; known: {}", name, fmt::join(lm_objective_names(), ", "));
}

}  // namespace

const std::vector<std::string>& lm_objective_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    all.reserve(table.size());
    for (const Row& row : table) all.emplace_back(row.name);
    return all;
  }();
  return names;
}

LmLengths lm_lengths(const std::string& name, const LmObjectiveOptions& options) {
  return find_objective(name).lengths(options);
}

std::unique_ptr<PretextTask> make_lm_objective(const std::string& name, const Corpus& corpus,
                                               const Tokenizer& tokenizer, const LmObjectiveOptions& options) {
  const Row& row = find_objective(name);
  require_tokenizer(corpus, tokenizer);
  return row.make(corpus, tokenizer, options);
}

}  // namespace prelude
