#include "tasks/pretext/nsp.h"

#include <algorithm>

#include "tasks/pretext/label_words.h"

namespace prelude {
namespace {

enum Class : std::int32_t { other_document, same_document, adjacent };

constexpr std::int64_t min_sentences = 5;

}  // namespace

NspTask::NspTask(const Corpus& corpus, const Tokenizer& tokenizer, const PretextOptions& options)
    : AnchoredTask("nsp", corpus, options,
                   Answer(tokenizer, options.start_id,
                          label_word_ids(tokenizer, "nsp", nsp_words(), options.label_words, WordMark::word_start),
                          options.quirks.final_sentinel)),
      filter_{min_sentences, options.quirks.discard_documents},
      quirks_(options.quirks) {
  require_room(3);
  require_documents(corpus, split().training, name(), filter_, filter_, quirks_.self_meeting ? 0 : 1);
  require_documents(corpus, split().validation, name(), filter_, filter_, quirks_.self_meeting ? 0 : 1);
}

std::int32_t NspTask::draw_choice(RandomStream& stream) const { return static_cast<std::int32_t>(stream.below(3)); }

std::optional<std::int64_t> NspTask::draw_second(const Place& place, const Neighbourhood& around,
                                                 RandomStream& stream) const {
  if (place.choice == adjacent) return around.neighbour(stream);
  if (place.choice == same_document) return around.distant(stream);
  RandomStream tuple(place.seed, Purpose::document, static_cast<std::uint64_t>(around.document()));
  const auto others = draw_other_documents(corpus(), place.part, filter_, around.document(), 1, quirks_.self_meeting,
                                           quirks_.shared_tuple ? tuple : stream);
  if (!others) return std::nullopt;
  const SentenceRange range = corpus().document(others->front());
  return range.first + static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(range.size())));
}

std::optional<Example> NspTask::make(const Place& place, RandomStream& stream) const {
  const Neighbourhood around(corpus(), place.anchor);
  if (!filter_.accepts(corpus(), around.document())) return std::nullopt;
  const auto second = draw_second(place, around, stream);
  if (!second) return std::nullopt;

  const TokenSpan first_span = corpus().sentence(place.anchor);
  const TokenSpan second_span = corpus().sentence(*second);
  const PairLengths whole{first_span.size(), second_span.size()};
  if (whole.first == 0 || whole.second == 0) return std::nullopt;
  if (whole.first > 100 * whole.second || whole.second > 100 * whole.first) return std::nullopt;
  const PairLengths kept = cut_pair(whole, room(), quirks_.nsp_short_cut);
  if (place.choice != adjacent && !quirks_.equal_negatives &&
      around.reads_like_neighbour(second_span.take(kept.second))) {
    return std::nullopt;
  }
  Example example;
  first_span.append_to(example.source, kept.first);
  example.source.push_back(answer().sentinel());
  second_span.append_to(example.source, kept.second);
  example.target = answer().target(place.choice);
  example.label = place.choice;
  return example;
}

PairLengths cut_pair(PairLengths lengths, std::int64_t room, bool short_cut) {
  const std::int64_t text = lengths.first + lengths.second;
  if (text + 1 <= room) return lengths;
  if (short_cut) {
    // int(s / L * (R - 1)) - 1 and int((1 - s / L) * (R - 1)) - 1, with L = text and sentinel, s = the sentinel's
    // index.
    const double share = static_cast<double>(lengths.first) / static_cast<double>(text + 1);
    const auto part = [&](double of, std::int64_t most) {
      return std::clamp<std::int64_t>(static_cast<std::int64_t>(of * static_cast<double>(room - 1)) - 1, 1, most);
    };
    return {part(share, lengths.first), part(1.0 - share, lengths.second)};
  }
  const std::int64_t text_room = room - 1;
  const std::int64_t first = std::clamp<std::int64_t>(text_room * lengths.first / text, 1, text_room - 1);
  return {first, text_room - first};
}

}  // namespace prelude
