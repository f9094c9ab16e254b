// The small language in which a row says how an example is put to the model.
//
//   {field}            the field's text
//   {options}          the options: for each its letter, '.', its text, '.'
//   <X>, <extra_id_0>  the sentinel that the answer stands for
//   [.]                that piece by itself, without a word mark; any piece may stand between the brackets
//   |                  adds nothing
//   other text         itself
//
// All but fields and other text separate: what stands side by side between two separators is tokenized in one piece.
// That matters at word ends only, and white space beside a separator has no effect: "{sentence} | It was<X>[.]".
#pragma once

#include <string>
#include <vector>

namespace prelude {

struct TemplatePart {
  enum class Kind { text, field, options, sentinel, piece, separator };
  Kind kind;
  std::string text;  // of text, field (its name) and piece
};

// Throws UserError that starts with `where` ("row 'boolq', pt") where a bracket is not closed, a name or piece is
// empty, or a control piece other than <X> is written out (</s>, <pad>, <unk>, <extra_id_1>...).
std::vector<TemplatePart> parse_template(const std::string& text, const std::string& where);

}  // namespace prelude
