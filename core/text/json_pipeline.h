// A tokenizer.json (Hugging Face's tokenizers) of T5's kind as the text model of a tokenizer: normaliser,
// pre-tokeniser, Unigram or BPE, decoder. What is not known here is refused by name.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/text/byte_pair.h"
#include "core/text/json_steps.h"
#include "core/text/text_model.h"
#include "core/text/tokenizer_settings.h"
#include "core/text/unigram.h"

namespace prelude {

class JsonPipeline final : public TextModel {
 public:
  // Throws UserError naming the file and the part of it.
  explicit JsonPipeline(const std::string& path);

  void take(AddedTokens added) override;
  void encode(std::string_view text, std::vector<std::int32_t>& ids) const override;
  std::string decode(std::span<const std::int32_t> ids) const override;
  std::int64_t size() const override { return static_cast<std::int64_t>(pieces_.size()); }
  std::string piece(std::int32_t id) const override { return pieces_[static_cast<std::size_t>(id)]; }
  std::int32_t id_of(std::string_view piece) const override;
  std::int32_t unknown() const override { return unknown_; }
  bool keeps_outer_spaces() const override { return true; }
  std::int32_t pad() const override { return -1; }
  std::int32_t end_of_sequence() const override { return -1; }

 private:
  void read_unigram(const std::string& path, const nlohmann::json& model);
  void read_byte_pair(const std::string& path, const nlohmann::json& model);
  void encode_word(std::string_view word, std::vector<std::int32_t>& ids) const;
  void encode_unigram(std::string_view word, std::vector<std::int32_t>& ids) const;
  TextPart normalised(TextPart part) const;
  void encode_normalised(TextPart part, std::vector<std::int32_t>& ids) const;

  std::vector<std::string> pieces_;  // [id]
  std::unordered_map<std::string, std::int32_t> ids_;
  std::int32_t unknown_ = -1;
  bool byte_fallback_ = false;
  std::optional<Unigram> unigram_;
  std::optional<BytePair> byte_pair_;
  AddedTokens added_;
  AddedTokens as_given_;       // those of them that are looked for in the text as it comes
  AddedTokens in_normalised_;  // and in the normalised text, their own texts normalised
  std::vector<Normaliser> normalisers_;
  std::vector<Cutter> cutters_;
  std::vector<PieceJoiner> joiners_;
  bool has_joiner_ = false;
};

// The texts of the model's pieces, by id.
std::vector<std::string> json_pieces(const std::string& path);

// What the file alone says: its added tokens.
TokenizerSettings json_settings(const std::string& path);

}  // namespace prelude
