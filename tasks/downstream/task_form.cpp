#include "tasks/downstream/task_form.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/text/answer_texts.h"
#include "tasks/downstream/user_text.h"

namespace prelude {
namespace {

using Kind = TemplatePart::Kind;
using Ids = std::vector<std::int32_t>;

constexpr const char* kWordMark = "\u2581";

std::int64_t limit_of(const TaskRow& row, const std::string& form, std::int64_t given) {
  const std::int64_t own = form == "ft" && row.ft_max_source > 0 ? row.ft_max_source : row.max_source;
  const std::int64_t most = given > 0 ? given : own;
  return most == 0 ? 0 : most - (form == "unified" ? row.unified_slack : row.slack);
}

std::vector<std::string> capital_letters() {
  std::vector<std::string> letters;
  for (std::size_t k = 0; k < kMostChoices; ++k) letters.emplace_back(1, static_cast<char>('A' + k));
  return letters;
}

}  // namespace

TaskForm::TaskForm(const TaskRow& row, const std::string& form, const Tokenizer& tokenizer, std::int32_t start_id,
                   std::int64_t prompt_rows, std::int64_t max_source)
    : row_(row),
      form_(form),
      tokenizer_(&tokenizer),
      start_id_(start_id),
      prompt_rows_(prompt_rows),
      limit_(limit_of(row, form, max_source)),
      is_unified_(form == "unified"),
      is_choice_(is_unified_ || asks_for_choice(row)) {
  ensure(prompt_rows >= 0 && max_source >= 0, "{} prompt rows, a limit of {}", prompt_rows, max_source);
  make_runs(form_of(row_, form_));
  require(limit_ == 0 || limit_ > prompt_rows_,
          "{}: {} positions in all leave none for the source beside {} prompt rows; raise --max-source", where(),
          limit_, prompt_rows_);
  make_answers();
}

std::string TaskForm::where() const { return fmt::format("row '{}', form {}", row_.name, form_); }

void TaskForm::make_runs(const std::string& text) {
  bool continues = false;
  for (TemplatePart& part : parse_template(text, where())) {
    const bool is_text = part.kind == Kind::text || part.kind == Kind::field;
    if (is_text && continues) {
      runs_.back().parts.push_back(std::move(part));
      continue;
    }
    continues = is_text;
    if (part.kind == Kind::separator) continue;
    if (part.kind == Kind::sentinel) has_sentinel_ = true;
    const std::int32_t id = part.kind == Kind::sentinel ? tokenizer_->sentinel(0)
                            : part.kind == Kind::piece  ? required_piece(part.text)
                                                        : -1;
    runs_.push_back({{std::move(part)}, id});
  }
}

// The id of a piece without a word mark. A tokenizer that normalises (full-width ';' to ';') holds the normalised one.
std::int32_t TaskForm::bare_piece(const std::string& piece) const {
  const std::int32_t id = tokenizer_->id_of_piece(piece);
  if (id >= 0) return id;
  return tokenizer_->id_of_piece(tokenizer_->decode(encode_user_text(*tokenizer_, piece)));
}

std::int32_t TaskForm::required_piece(const std::string& piece) const {
  const std::int32_t id = bare_piece(piece);
  require(id >= 0 && id != tokenizer_->unknown() && id != tokenizer_->pad() && id != tokenizer_->end_of_sequence(),
          "{}: the tokenizer has no piece '{}', which the form needs; change the form, or train a tokenizer on text "
          "that holds it",
          where(), piece);
  return id;
}

void TaskForm::make_answers() {
  if (is_choice_) {
    mark_ = required_piece(is_unified_ ? "." : row_.choice_mark);
    end_ = required_piece(is_unified_ ? "." : row_.choice_end);
    make_letters(is_unified_ ? std::vector<std::string>{} : row_.choices);
  }
  const std::vector<LabelWord> labels = label_words(row_);
  if (labels.empty()) return;
  if (!is_unified_) return make_word_answers();
  for (std::size_t k = 0; k < labels.size(); ++k) {
    answers_.push_back({required_piece(letter_names_[k])});
    std::string text = row_.option;
    label_options_.push_back(text.replace(text.find("{word}"), 6, labels[k].word));
  }
}

// Letters that the tokenizer does not have matter only where an example has so many options.
void TaskForm::make_letters(const std::vector<std::string>& names) {
  const bool are_given = !names.empty();
  letter_names_ = are_given ? names : capital_letters();
  for (const std::string& name : letter_names_) {
    std::int32_t id = bare_piece(name);
    if (id < 0 && are_given) id = tokenizer_->id_of_piece(kWordMark + name);
    require(id < 0 || std::find(letters_.begin(), letters_.end(), id) == letters_.end(),
            "{}: two choices are the same piece of the tokenizer, '{}'; give other choices", where(), name);
    letters_.push_back(id);
  }
  for (std::size_t k = 0; k < (are_given ? letters_.size() : 2); ++k) {
    if (letters_[k] < 0) letters_[k] = required_piece(letter_names_[k]);
  }
}

void TaskForm::make_word_answers() {
  std::vector<std::string> words;
  for (const LabelWord& label : label_words(row_)) {
    const Ids ids = encode_user_text(*tokenizer_, label.word);
    require(!ids.empty(), "{}: the label word '{}' is nothing to the tokenizer; give another", where(), label.word);
    note_pieces(label.word, ids);
    answers_.push_back(ids);
    words.push_back(label.word);
  }
  require_told_apart(where() + ": label words", *tokenizer_, words, answers_);
}

void TaskForm::note_pieces(const std::string& word, const Ids& ids) {
  if (ids.size() == 1) return;
  std::vector<std::string> pieces;
  for (const std::int32_t id : ids) pieces.push_back(tokenizer_->piece(id));
  notes_.push_back(fmt::format("{}: the label word '{}' is {} pieces of this tokenizer: {}", where(), word, ids.size(),
                               fmt::join(pieces, " ")));
}

}  // namespace prelude
