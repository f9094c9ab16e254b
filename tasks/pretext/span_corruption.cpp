#include "tasks/pretext/span_corruption.h"

#include "core/error.h"

namespace prelude {
namespace {

SpanLengths checked_lengths(const Tokenizer& tokenizer, const LmObjectiveOptions& options) {
  const SpanLengths lengths = span_lengths(options.max_source, options.noise);
  static_cast<void>(tokenizer.sentinel(0));  // says why where there is none
  if (lengths.spans > tokenizer.sentinels()) {
    fail(
        "--max-source {}: its {} masked spans need as many sentinels, but the tokenizer has {}; the largest that works "
        "is {}",
        options.max_source, lengths.spans, tokenizer.sentinels(), largest_source(tokenizer.sentinels(), options.noise));
  }
  return lengths;
}

}  // namespace

SpanCorruption::SpanCorruption(const Corpus& corpus, const Tokenizer& tokenizer, const LmObjectiveOptions& options)
    : SpanCorruption(corpus, tokenizer, options, checked_lengths(tokenizer, options)) {}

SpanCorruption::SpanCorruption(const Corpus& corpus, const Tokenizer& tokenizer, const LmObjectiveOptions& options,
                               const SpanLengths& lengths)
    : WindowTask(corpus, options.validation_fraction, tokenizer.end_of_sequence(), lengths.window),
      lengths_(lengths),
      start_(options.start_id),
      end_(tokenizer.end_of_sequence()) {
  for (int k = 0; k < lengths.spans; ++k) sentinels_.push_back(tokenizer.sentinel(k));
}

// Text and masked spans take turns, text first.
Example SpanCorruption::make(const std::vector<std::int32_t>& window, RandomStream& stream) const {
  const std::vector<std::int64_t> masked = random_segments(lengths_.noise, lengths_.spans, stream);
  const std::vector<std::int64_t> kept = random_segments(lengths_.window - lengths_.noise, lengths_.spans, stream);
  Example example;
  example.source.reserve(static_cast<std::size_t>(lengths_.source));
  example.target.reserve(static_cast<std::size_t>(lengths_.target) + 1);
  example.target.push_back(start_);
  auto at = window.begin();
  const auto move = [&](std::int64_t count, std::vector<std::int32_t>& to) {
    to.insert(to.end(), at, at + count);
    at += count;
  };
  for (std::size_t k = 0; k < sentinels_.size(); ++k) {
    move(kept[k], example.source);
    example.source.push_back(sentinels_[k]);
    example.target.push_back(sentinels_[k]);
    move(masked[k], example.target);
  }
  example.source.push_back(end_);
  example.target.push_back(end_);
  return example;
}

// Selection sampling (Knuth, The Art of Computer Programming, volume 2, algorithm S) of the places to cut at.
std::vector<std::int64_t> random_segments(std::int64_t items, std::int64_t segments, RandomStream& stream) {
  ensure(segments >= 1 && segments <= items, "{} segments of {} items", segments, items);
  std::vector<std::int64_t> lengths;
  lengths.reserve(static_cast<std::size_t>(segments));
  std::int64_t cuts = segments - 1;  // still to be made
  std::int64_t begin = 0;
  for (std::int64_t place = 1; cuts > 0; ++place) {  // before item `place`
    if (stream.below(static_cast<std::uint64_t>(items - place)) >= static_cast<std::uint64_t>(cuts)) continue;
    lengths.push_back(place - begin);
    begin = place;
    --cuts;
  }
  lengths.push_back(items - begin);
  return lengths;
}

}  // namespace prelude
