// A SentencePiece model as the library itself encodes and decodes, whatever its settings are.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sentencepiece {
class ModelProto;
class SentencePieceProcessor;
}  // namespace sentencepiece

namespace prelude {

enum class PieceKind : std::uint8_t { normal, unknown, control, user_defined, byte, unused };

class SentencePieceModel {
 public:
  // `bytes`: a whole model file; `path` names it in messages. Throws UserError saying what is wrong with it.
  SentencePieceModel(std::string_view bytes, std::string path);
  SentencePieceModel(SentencePieceModel&&) noexcept;
  SentencePieceModel& operator=(SentencePieceModel&&) noexcept;
  ~SentencePieceModel();

  // Appends the ids of `text`. Safe to call from several threads, as all that follows.
  void encode(std::string_view text, std::vector<std::int32_t>& ids) const;
  // Ids below pieces(). A control piece is nothing, bytes become characters, the unknown is the model's own sign for
  // it.
  std::string decode(std::span<const std::int32_t> ids) const;
  // The text as the model's pieces see it: normalised, with its marks for spaces.
  std::string normalise(std::string_view text) const;

  std::int32_t pieces() const;
  const std::string& piece(std::int32_t id) const;
  float score(std::int32_t id) const;
  PieceKind kind(std::int32_t id) const;
  std::int32_t id_of(std::string_view piece) const;  // -1: there is none
  // -1 where the model has none; it always has an unknown piece.
  std::int32_t pad() const;
  std::int32_t end_of_sequence() const;
  std::int32_t unknown() const { return unknown_; }

  // True where decoding takes a mark for a space off a text's front.
  bool drops_first_space() const;
  // True where spaces at a text's ends are removed before all else.
  bool removes_outer_spaces() const;
  const sentencepiece::ModelProto& proto() const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::unique_ptr<sentencepiece::SentencePieceProcessor> processor_;
  std::int32_t unknown_ = -1;
};

// Turns off what the library and those it brings along write to stderr: what they find comes back as errors, too.
void silence_sentencepiece();

}  // namespace prelude
