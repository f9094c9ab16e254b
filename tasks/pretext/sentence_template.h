// How a sentence is put to a classifier: the text around it, with the sentinel that the answer stands for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/text/tokenizer.h"
#include "tasks/corpus/corpus.h"

namespace prelude {

class SentenceTemplate {
 public:
  // `text` holds "{sentence}" once and "<extra_id_0>" once; what stands before and behind the sentence is tokenized by
  // itself, as PPT does. `room`: ids of the whole source, at most. Throws UserError where the text is not so, or the
  // room leaves no id for the sentence.
  SentenceTemplate(const Tokenizer& tokenizer, const std::string& text, std::int64_t room);

  // The source's ids: the sentence is cut to the room, the template never. None where the sentence holds the sentinel
  // itself.
  std::optional<std::vector<std::int32_t>> source(const TokenSpan& sentence) const;
  std::int32_t sentinel() const { return sentinel_; }

 private:
  std::int32_t sentinel_;
  std::vector<std::int32_t> before_;
  std::vector<std::int32_t> after_;
  std::int64_t most_;  // ids of the sentence
};

}  // namespace prelude
