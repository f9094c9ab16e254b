// The words that answer a pretext task, as single pieces of the tokenizer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/text/tokenizer.h"

namespace prelude {

// How a label word is looked up: as a word of its own ("yes" is the piece "▁yes"), or bare ("A" is the piece "A", as it
// stands in front of an option).
enum class WordMark : std::uint8_t { word_start, bare };

// PPT's words, in class order: no, maybe, yes; terrible, bad, maybe, good, great; A, B, C, ...
const std::vector<std::string>& nsp_words();
const std::vector<std::string>& cls_words();
std::vector<std::string> option_letters(std::size_t count);  // count <= 16

// One id a word; `given` (--label-words) replaces `defaults` where it is not empty. A given word that has no such piece
// is tried in the other form too. Throws UserError where the count differs, a word is no single piece (naming it and
// what to do), or two words are the same piece.
std::vector<std::int32_t> label_word_ids(const Tokenizer& tokenizer, const std::string& task,
                                         const std::vector<std::string>& defaults,
                                         const std::vector<std::string>& given, WordMark mark);

}  // namespace prelude
