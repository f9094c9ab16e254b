// An example of a downstream set as ids: the source that the encoder reads and a target for each answer. The layouts
// are PPT's (Gu et al., "PPT: Pre-trained Prompt Tuning for Few-shot Learning", ACL 2022, and its code).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/text/tokenizer.h"
#include "tasks/downstream/downstream_example.h"
#include "tasks/downstream/form_template.h"
#include "tasks/downstream/task_row.h"

namespace prelude {

// Ids only; no </s> anywhere, as in PPT.
struct Question {
  std::vector<std::int32_t> source;                // without the prompt
  std::vector<std::vector<std::int32_t>> targets;  // [class]: start, <extra_id_0>, the answer's pieces
  std::int32_t label = 0;                          // of the right target
  std::string place = {};                          // of the example, for messages
};

// A pure function of the example; safe to use from several threads.
class TaskForm {
 public:
  // `row` is sound (checked()) and has the form: "pt", "hybrid", "unified", "lm" or "ft". `tokenizer` must outlive
  // this. `start_id` begins a target; `prompt_rows` positions stand in front of the source; `max_source` (positions)
  // replaces the row's unless it is 0. Throws UserError where the row has no such form, a label word or a bare piece
  // is unknown to the tokenizer, two answers are the same ids, or the limit leaves no position beside the prompt.
  TaskForm(const TaskRow& row, const std::string& form, const Tokenizer& tokenizer, std::int32_t start_id,
           std::int64_t prompt_rows, std::int64_t max_source = 0);

  // Fields and options are read as encode_user_text reads them. Where the source is too long, the row's `cut` field
  // loses ids on its right: token for token where it stands by itself between separators, else so many characters
  // that the text that it is part of fits. Throws UserError naming the example's place where even none of it fits, a
  // field is missing, or it has more options than there are letters.
  Question question(const DownstreamExample& example) const;

  // Answers of more than one piece, a line each, for the report: they are scored by all their pieces.
  const std::vector<std::string>& notes() const { return notes_; }
  // The index in a target where the answer begins: behind the start and, where the source has one, the sentinel.
  std::size_t word_start() const { return has_sentinel_ ? 2 : 1; }
  // Whether the answers are letters of options. Of a choice row an example has as many targets as options.
  bool is_choice() const { return is_choice_; }
  // Positions of prompt and source together; 0: no limit.
  std::int64_t limit() const { return limit_; }

 private:
  using Ids = std::vector<std::int32_t>;
  // What is encoded in one piece: text and fields, or something else by itself.
  struct Run {
    std::vector<TemplatePart> parts;
    std::int32_t id = -1;  // of a bare piece
    bool is_text() const {
      return parts.front().kind == TemplatePart::Kind::text || parts.front().kind == TemplatePart::Kind::field;
    }
  };

  std::string where() const;
  void make_runs(const std::string& text);
  void make_answers();
  void make_word_answers();
  void make_letters(const std::vector<std::string>& names);
  void note_pieces(const std::string& word, const Ids& ids);
  std::int32_t bare_piece(const std::string& piece) const;
  std::int32_t required_piece(const std::string& piece) const;
  Ids target(const Ids& answer) const;

  Ids options_ids(const std::vector<std::string>& texts, const DownstreamExample& example) const;
  Ids run_ids(const Run& run, const DownstreamExample& example, const std::string& shortened = "",
              std::size_t bytes = std::string::npos) const;
  std::string field_to_cut(const DownstreamExample& example) const;
  void cut(std::vector<Ids>& pieces, std::int64_t excess, const DownstreamExample& example) const;
  Ids cut_mixed(const Run& run, std::size_t most, const DownstreamExample& example, const std::string& field) const;
  void check_example(const DownstreamExample& example) const;

  TaskRow row_;
  std::string form_;
  const Tokenizer* tokenizer_;
  std::int32_t start_id_;
  std::int64_t prompt_rows_;
  std::int64_t limit_;
  bool is_unified_;
  bool is_choice_;
  bool has_sentinel_ = false;
  std::vector<Run> runs_;
  std::vector<std::string> letter_names_;   // of the options, where the form has them
  Ids letters_;                             // -1: the tokenizer has no such piece
  std::int32_t mark_ = -1;                  // behind a letter
  std::int32_t end_ = -1;                   // behind an option's text
  std::vector<std::string> label_options_;  // label rows, unified: the options' texts
  std::vector<Ids> answers_;                // label rows: the answer's ids, in class order
  std::vector<std::string> notes_;
};

}  // namespace prelude
