#include "tasks/pretext/prefix_lm.h"

namespace prelude {

PrefixLm::PrefixLm(const Corpus& corpus, const Tokenizer& tokenizer, const LmObjectiveOptions& options)
    : WindowTask(corpus, options.validation_fraction, tokenizer.end_of_sequence(),
                 lm_lengths("prefix-lm", options).window),
      start_(options.start_id),
      end_(tokenizer.end_of_sequence()) {}

Example PrefixLm::make(const std::vector<std::int32_t>& window, RandomStream& stream) const {
  const std::uint64_t places = window.size() - 1;
  const auto split = window.begin() + 1 + static_cast<std::ptrdiff_t>(stream.below(places));
  Example example;
  example.source.assign(window.begin(), split);
  example.source.push_back(end_);
  example.target.reserve(static_cast<std::size_t>(window.end() - split) + 2);
  example.target.push_back(start_);
  example.target.insert(example.target.end(), split, window.end());
  example.target.push_back(end_);
  return example;
}

}  // namespace prelude
