#include "core/text/tokenizer.h"

#include <sentencepiece_processor.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/io/checksum.h"
#include "core/io/mapped_file.h"
#include "core/text/unigram.h"
#include "core/text/word_cache.h"

namespace prelude {
namespace {

constexpr std::string_view kWordMark = "\u2581";
constexpr std::string_view kAsciiSpaces = " \t\n\v\f\r";
constexpr std::size_t kMostModelBytes = std::size_t{256} << 20;

std::string sentinel_text(int k) { return fmt::format("<extra_id_{}>", k); }

// Any white space that normalising left (U+0085 is one) parts words as Hugging Face's tokenizer has it.
std::string with_marks_for_spaces(const std::string& text) {
  constexpr char16_t kMark = 0x2581;
  icu::UnicodeString marked = icu::UnicodeString::fromUTF8(text);
  for (std::int32_t i = 0; i < marked.length(); ++i) {
    if (u_isUWhiteSpace(marked[i]) != 0) marked.setCharAt(i, kMark);
  }
  std::string result;
  return marked.toUTF8String(result);
}

}  // namespace

struct Tokenizer::Parts {
  sentencepiece::SentencePieceProcessor processor;
  std::string sha256;
  std::vector<std::int32_t> sentinels;                        // id of <extra_id_k>
  std::map<std::string, std::int32_t, std::less<>> literals;  // what becomes one id wherever it stands in a text
  std::map<std::int32_t, std::string> appended;               // sentinels that follow the model's own pieces
  std::int64_t size = 0;
  std::optional<Unigram> unigram;
  WordCache cache;

  std::int32_t own_id(std::string_view piece) const;
  void find_or_append_sentinels(int count);
  void build_unigram();
  void encode_word(std::string_view word, std::vector<std::int32_t>& ids) const;
  void encode_plain(std::string_view text, std::vector<std::int32_t>& ids) const;
  std::pair<std::size_t, std::int32_t> literal_at(std::string_view text) const;
};

// The id of a piece of the model itself; -1 if there is none (SentencePiece answers "unknown").
std::int32_t Tokenizer::Parts::own_id(std::string_view piece) const {
  const int id = processor.PieceToId(piece);
  return id >= 0 && id < processor.GetPieceSize() && processor.IdToPiece(id) == piece ? id : -1;
}

void Tokenizer::Parts::find_or_append_sentinels(int count) {
  for (int k = 0;; ++k) {
    std::int32_t id = own_id(sentinel_text(k));
    if (id < 0) id = own_id(std::string(kWordMark) + sentinel_text(k));  // as mT5's model has them
    if (id < 0) break;
    sentinels.push_back(id);
  }
  size = processor.GetPieceSize();
  if (sentinels.empty()) {
    for (int k = 0; k < count; ++k) sentinels.push_back(static_cast<std::int32_t>(size) + count - 1 - k);
    for (int k = 0; k < count; ++k) appended[sentinels[static_cast<std::size_t>(k)]] = sentinel_text(k);
    size += count;
  }
  for (int k = 0; k < static_cast<int>(sentinels.size()); ++k) {
    literals[sentinel_text(k)] = sentinels[static_cast<std::size_t>(k)];
  }
}

void Tokenizer::Parts::build_unigram() {
  std::vector<Unigram::Piece> pieces;
  pieces.reserve(static_cast<std::size_t>(processor.GetPieceSize()));
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    pieces.push_back({processor.IdToPiece(id), processor.GetScore(id)});
  }
  unigram.emplace(pieces, processor.unk_id());
}

// One word of the text, as it stands there. SentencePiece normalises (its segmentation of the normalised text is joined
// again); Unigram segments. Normalising can split a word: a no-break space becomes a space.
void Tokenizer::Parts::encode_word(std::string_view word, std::vector<std::int32_t>& ids) const {
  if (cache.append(word, ids)) return;
  const std::size_t before = ids.size();
  std::string normalised;
  const auto segmented = processor.EncodeAsImmutableProto(word);
  for (std::size_t i = 0; i < segmented.pieces_size(); ++i) {
    normalised += segmented.pieces(static_cast<int>(i)).piece();
  }
  normalised = with_marks_for_spaces(normalised);
  for (std::size_t begin = 0; begin < normalised.size();) {
    const std::size_t end = std::min(normalised.find(kWordMark, begin + 1), normalised.size());
    const auto marked_word = std::string_view(normalised).substr(begin, end - begin);
    if (marked_word != kWordMark) unigram->encode(marked_word, ids);
    begin = end;
  }
  cache.keep(word, ids.data() + before, ids.size() - before);
}

// Word by word: no piece reaches over a space.
void Tokenizer::Parts::encode_plain(std::string_view text, std::vector<std::int32_t>& ids) const {
  for (std::size_t begin = text.find_first_not_of(kAsciiSpaces); begin != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kAsciiSpaces, begin), text.size());
    encode_word(text.substr(begin, end - begin), ids);
    begin = text.find_first_not_of(kAsciiSpaces, end);
  }
}

// Length and id of the literal that `text` starts with; length 0: none.
std::pair<std::size_t, std::int32_t> Tokenizer::Parts::literal_at(std::string_view text) const {
  const std::size_t close = text.substr(0, 24).find('>');
  if (close == std::string_view::npos) return {0, -1};
  const auto found = literals.find(text.substr(0, close + 1));
  return found == literals.end() ? std::pair<std::size_t, std::int32_t>{0, -1} : std::pair{close + 1, found->second};
}

Tokenizer::Tokenizer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::load(const std::string& path, std::int64_t vocabulary_size, int sentinels) {
  const MappedFile file = MappedFile::open(path);
  require(file.size() <= kMostModelBytes, "'{}' has {} bytes: that is no SentencePiece model", path, file.size());
  auto parts = std::make_unique<Parts>();
  const auto status = parts->processor.LoadFromSerializedProto(file.text());
  require(status.ok(), "'{}' is no SentencePiece model ({}); give the spiece.model of the backbone", path,
          status.message());
  parts->sha256 = prelude::sha256(file.data(), file.size());

  const auto& processor = parts->processor;
  for (const int id : {processor.pad_id(), processor.eos_id(), processor.unk_id()}) {
    require(id >= 0, "'{}' has no piece for padding, end of sequence or unknown: it is no T5 tokenizer", path);
    parts->literals[processor.IdToPiece(id)] = id;
  }
  parts->find_or_append_sentinels(sentinels);
  parts->build_unigram();
  require(
      vocabulary_size == 0 || parts->size <= vocabulary_size,
      "'{}' has {} pieces and sentinels, more than the backbone's vocabulary of {}; is it another model's tokenizer?",
      path, parts->size, vocabulary_size);
  return Tokenizer(std::move(parts));
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text) const {
  std::vector<std::int32_t> ids;
  std::size_t plain = 0;  // start of the text that is not encoded yet
  for (std::size_t at = text.find('<'); at != std::string_view::npos;) {
    const auto [length, id] = parts_->literal_at(text.substr(at));
    if (length > 0) {
      parts_->encode_plain(text.substr(plain, at - plain), ids);
      ids.push_back(id);
      plain = at + length;
    }
    at = text.find('<', at + std::max<std::size_t>(length, 1));
  }
  parts_->encode_plain(text.substr(plain), ids);
  return ids;
}

std::string Tokenizer::decode(const std::vector<std::int32_t>& ids) const {
  std::string pieces;
  for (const std::int32_t id : ids) pieces += piece(id);
  std::string text;
  std::string_view rest = pieces;
  if (rest.starts_with(kWordMark)) rest.remove_prefix(kWordMark.size());
  for (std::size_t mark = rest.find(kWordMark); mark != std::string_view::npos; mark = rest.find(kWordMark)) {
    text.append(rest.substr(0, mark)).append(" ");
    rest.remove_prefix(mark + kWordMark.size());
  }
  return text.append(rest);
}

std::string Tokenizer::piece(std::int32_t id) const {
  ensure(id >= 0, "a token id is never negative, got {}", id);
  if (id < parts_->processor.GetPieceSize()) return parts_->processor.IdToPiece(id);
  const auto found = parts_->appended.find(id);
  return found != parts_->appended.end() ? found->second : fmt::format("<unused_{}>", id);
}

std::int32_t Tokenizer::id_of_piece(std::string_view piece) const {
  const auto literal = parts_->literals.find(piece);
  return literal != parts_->literals.end() ? literal->second : parts_->own_id(piece);
}

std::int32_t Tokenizer::sentinel(int k) const {
  require(k >= 0 && k < sentinels(), "the tokenizer has {} sentinels; <extra_id_{}> is not one of them", sentinels(),
          k);
  return parts_->sentinels[static_cast<std::size_t>(k)];
}

int Tokenizer::sentinels() const { return static_cast<int>(parts_->sentinels.size()); }
std::int32_t Tokenizer::pad() const { return parts_->processor.pad_id(); }
std::int32_t Tokenizer::end_of_sequence() const { return parts_->processor.eos_id(); }
std::int32_t Tokenizer::unknown() const { return parts_->processor.unk_id(); }
std::int64_t Tokenizer::size() const { return parts_->size; }
const std::string& Tokenizer::sha256() const { return parts_->sha256; }

}  // namespace prelude
