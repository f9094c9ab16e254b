// A SentencePiece model as the text model of a tokenizer.
#pragma once

#include <memory>
#include <utility>

#include "core/text/exact_words.h"
#include "core/text/sentencepiece_model.h"
#include "core/text/text_model.h"

namespace prelude {

class SentencePieceText final : public TextModel {
 public:
  // With `names_specials` decoding writes an added token's text also where its id is a piece of the model (<pad>, </s>,
  // <unk>), as transformers does; without, such a piece is what the library makes of it.
  SentencePieceText(SentencePieceModel model, bool names_specials);

  void take(AddedTokens added) override { added_ = std::move(added); }
  void encode(std::string_view text, std::vector<std::int32_t>& ids) const override;
  std::string decode(std::span<const std::int32_t> ids) const override;
  std::int64_t size() const override { return model_.pieces(); }
  std::string piece(std::int32_t id) const override { return model_.piece(id); }
  std::int32_t id_of(std::string_view piece) const override { return model_.id_of(piece); }
  std::int32_t unknown() const override { return model_.unknown(); }
  bool keeps_outer_spaces() const override { return !model_.removes_outer_spaces(); }
  std::int32_t pad() const override { return model_.pad(); }
  std::int32_t end_of_sequence() const override { return model_.end_of_sequence(); }

 private:
  const AddedToken* named(std::int32_t id) const;
  std::string run(std::span<const std::int32_t> ids, bool at_start) const;

  SentencePieceModel model_;
  std::unique_ptr<ExactWords> words_;  // none where the library alone is right
  AddedTokens added_;
  bool names_specials_;
};

}  // namespace prelude
