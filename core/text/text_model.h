// What makes ids of the text between added tokens, and text of ids: SentencePiece, or the pipeline of a tokenizer.json.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/added_tokens.h"

namespace prelude {

class TextModel {
 public:
  virtual ~TextModel() = default;

  // The tokens beside its own pieces; before the first text.
  virtual void take(AddedTokens added) = 0;
  // Appends the ids of `text` (UTF-8), in which each added token is its one id. Safe to call from several threads.
  virtual void encode(std::string_view text, std::vector<std::int32_t>& ids) const = 0;
  // Ids that are neither the model's nor added are left out.
  virtual std::string decode(std::span<const std::int32_t> ids) const = 0;

  virtual std::int64_t size() const = 0;  // its own ids are 0 to size - 1
  virtual std::string piece(std::int32_t id) const = 0;
  virtual std::int32_t id_of(std::string_view piece) const = 0;  // -1: there is none
  virtual std::int32_t unknown() const = 0;
  // False where spaces at the ends of a text between added tokens never matter.
  virtual bool keeps_outer_spaces() const = 0;
  // The ids that the model itself calls padding and end of sequence; -1: it does not say.
  virtual std::int32_t pad() const = 0;
  virtual std::int32_t end_of_sequence() const = 0;
};

}  // namespace prelude
