#include "core/text/exact_words.h"

#include <sentencepiece_model.pb.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/text/character_map.h"

namespace prelude {
namespace {

constexpr std::string_view kWordMark = "\u2581";
constexpr double kFloatStep = 0x1p-24;  // relative rounding error of a float32 sum
constexpr double kMostReach = 90'000;   // the library starts its sum anew at 100,000

bool settings_allow(const sentencepiece::ModelProto& proto) {
  const auto& trainer = proto.trainer_spec();
  const auto& normalizer = proto.normalizer_spec();
  return trainer.model_type() == sentencepiece::TrainerSpec::UNIGRAM && !trainer.byte_fallback() &&
         !trainer.treat_whitespace_as_suffix() && normalizer.add_dummy_prefix() &&
         normalizer.remove_extra_whitespaces() && normalizer.escape_whitespaces();
}

// No rule reads over a space or makes a mark for one.
bool rules_allow(const SentencePieceModel& model) {
  const std::string& charsmap = model.proto().normalizer_spec().precompiled_charsmap();
  if (charsmap.empty()) return true;
  const CharacterMap map(charsmap, model.path());
  return !map.has_key_with(' ') && map.texts().find(kWordMark) == std::string_view::npos;
}

}  // namespace

std::unique_ptr<ExactWords> ExactWords::of(const SentencePieceModel& model) {
  if (!settings_allow(model.proto()) || !rules_allow(model)) return {};
  std::vector<Unigram::Piece> pieces(static_cast<std::size_t>(model.pieces()));
  for (std::int32_t id = 0; id < model.pieces(); ++id) {
    const PieceKind kind = model.kind(id);
    if (kind == PieceKind::control || kind == PieceKind::unknown) continue;
    const std::string& text = model.piece(id);
    if (kind != PieceKind::normal || text.find(kWordMark, 1) != std::string::npos) return {};
    pieces[static_cast<std::size_t>(id)] = {text, static_cast<double>(model.score(id))};
  }
  const std::int32_t mark = model.id_of(kWordMark);
  if (mark < 0 || model.kind(mark) != PieceKind::normal) return {};
  return std::unique_ptr<ExactWords>(new ExactWords(Unigram(pieces, model.unknown())));
}

// One word of the text, as it stands there. Normalising can split it: a no-break space becomes a space.
WordIds ExactWords::segmented(const SentencePieceModel& model, std::string_view word) const {
  const std::string normalised = model.normalise(word);
  WordIds result;
  std::vector<Unigram::Segment> segments;
  const Unigram::Best best = unigram_.segment(normalised, segments);
  for (const Unigram::Segment& segment : segments) result.ids.push_back(segment.id);
  // Each of at most `bytes` sums, and of the rival's, is off by at most kFloatStep of the greatest sum: what stands
  // before the word and at most `own`.
  const auto bytes = static_cast<double>(normalised.size() + 1);
  const double own = bytes * unigram_.greatest_score();
  result.score = std::abs(best.score) * (1 + 0x1p-10);  // float32's own sum is that close to it
  result.reach = std::min(kMostReach, best.gap / (4 * bytes * kFloatStep)) - own;
  return result;
}

bool ExactWords::encode(const SentencePieceModel& model, std::string_view text, std::vector<std::int32_t>& ids) const {
  if (text.find(kWordMark) != std::string_view::npos) return false;
  const std::size_t before = ids.size();
  double gone = 0;  // absolute score of the words up to here
  for (std::size_t begin = text.find_first_not_of(' '); begin != std::string_view::npos;) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    double score = 0;
    double reach = 0;
    if (!cache_.append(word, ids, score, reach)) {
      const WordIds found = segmented(model, word);
      cache_.keep(word, found);
      ids.insert(ids.end(), found.ids.begin(), found.ids.end());
      score = found.score;
      reach = found.reach;
    }
    if (gone > reach) {
      ids.resize(before);
      return false;
    }
    gone += score;
    begin = text.find_first_not_of(' ', end);
  }
  return true;
}

}  // namespace prelude
