// Examples to ids; task_form.cpp makes what they need.
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "tasks/downstream/task_form.h"
#include "tasks/downstream/user_text.h"

namespace prelude {
namespace {

using Kind = TemplatePart::Kind;
using Ids = std::vector<std::int32_t>;

void append(Ids& ids, const Ids& more) { ids.insert(ids.end(), more.begin(), more.end()); }

}  // namespace

TaskForm::Ids TaskForm::target(const Ids& answer) const {
  Ids ids{start_id_};
  if (has_sentinel_) ids.push_back(tokenizer_->sentinel(0));
  append(ids, answer);
  return ids;
}

Question TaskForm::question(const DownstreamExample& example) const {
  check_example(example);
  std::vector<Ids> pieces;
  std::int64_t length = prompt_rows_;
  for (const Run& run : runs_) {
    pieces.push_back(run_ids(run, example));
    length += static_cast<std::int64_t>(pieces.back().size());
  }
  if (limit_ > 0 && length > limit_) cut(pieces, length - limit_, example);
  Question question;
  question.label = example.label;
  question.place = example.place;
  for (const Ids& ids : pieces) append(question.source, ids);
  for (const Ids& answer : answers_) question.targets.push_back(target(answer));
  for (std::size_t k = 0; answers_.empty() && k < example.options.size(); ++k) {
    question.targets.push_back(target({letters_[k]}));
  }
  return question;
}

void TaskForm::check_example(const DownstreamExample& example) const {
  for (const Run& run : runs_) {
    for (const TemplatePart& part : run.parts) {
      require(part.kind != Kind::field || example.fields.contains(part.text), "{}: {} has no field '{}'", where(),
              example.place, part.text);
    }
  }
  const std::size_t answers = answers_.empty() ? example.options.size() : answers_.size();
  if (answers_.empty()) {
    const auto known = static_cast<std::size_t>(std::find(letters_.begin(), letters_.end(), -1) - letters_.begin());
    require(answers <= known, "{}: {} has {} options, but the tokenizer has letters for {}: {}", where(), example.place,
            answers, known,
            fmt::join(letter_names_.begin(), letter_names_.begin() + static_cast<std::ptrdiff_t>(known), ", "));
  }
  ensure(example.label >= 0 && static_cast<std::size_t>(example.label) < answers, "{}: label {} of {} answers",
         example.place, example.label, answers);
}

// Of the field `shortened` no more than `bytes` bytes are taken.
TaskForm::Ids TaskForm::run_ids(const Run& run, const DownstreamExample& example, const std::string& shortened,
                                std::size_t bytes) const {
  if (run.parts.front().kind == Kind::options) {
    return options_ids(label_options_.empty() ? example.options : label_options_, example);
  }
  if (!run.is_text()) return {run.id};
  std::string text;
  for (const TemplatePart& part : run.parts) {
    if (part.kind == Kind::text) {
      text += part.text;
    } else {
      text += example.fields.at(part.text).substr(0, part.text == shortened ? bytes : std::string::npos);
    }
  }
  return encode_user_text(*tokenizer_, text);
}

TaskForm::Ids TaskForm::options_ids(const std::vector<std::string>& texts, const DownstreamExample& example) const {
  ensure(texts.size() <= letters_.size(), "{}: {} options, {} letters", example.place, texts.size(), letters_.size());
  Ids ids;
  for (std::size_t k = 0; k < texts.size(); ++k) {
    append(ids, {letters_[k], mark_});
    append(ids, encode_user_text(*tokenizer_, texts[k]));
    ids.push_back(end_);
  }
  return ids;
}

// The row's field, or the longest of the form in this example; empty where the form has no field.
std::string TaskForm::field_to_cut(const DownstreamExample& example) const {
  if (!row_.cut.empty()) return row_.cut;
  std::string longest;
  std::size_t most = 0;
  for (const Run& run : runs_) {
    for (const TemplatePart& part : run.parts) {
      if (part.kind != Kind::field) continue;
      const std::size_t ids = encode_user_text(*tokenizer_, example.fields.at(part.text)).size();
      if (!longest.empty() && ids <= most) continue;
      longest = part.text;
      most = ids;
    }
  }
  return longest;
}

// Takes `excess` ids out of pieces[run], by shortening one field.
void TaskForm::cut(std::vector<Ids>& pieces, std::int64_t excess, const DownstreamExample& example) const {
  const std::string field = field_to_cut(example);
  const auto holds_field = [&](const TemplatePart& part) { return part.kind == Kind::field && part.text == field; };
  const auto run = std::find_if(runs_.begin(), runs_.end(), [&](const Run& candidate) {
    return std::any_of(candidate.parts.begin(), candidate.parts.end(), holds_field);
  });
  std::int64_t least = excess + 1;  // ids of the run that cannot go
  Ids* ids = nullptr;
  if (run != runs_.end()) {
    ids = &pieces[static_cast<std::size_t>(run - runs_.begin())];
    least = run->parts.size() == 1 ? 0 : static_cast<std::int64_t>(run_ids(*run, example, field, 0).size());
  }
  const std::int64_t left = ids == nullptr ? 0 : static_cast<std::int64_t>(ids->size()) - excess;
  require(ids != nullptr && left >= least,
          "{}: {} does not fit {} positions, {} of them the prompt's, even without its {}; raise --max-source", where(),
          example.place, limit_, prompt_rows_, field.empty() ? "options" : field);
  if (run->parts.size() == 1) {
    ids->resize(static_cast<std::size_t>(left));
  } else {
    *ids = cut_mixed(*run, static_cast<std::size_t>(left), example, field);
  }
}

// The run with as much of the field, from its left, as gives no more than `most` ids. Bisects the bytes.
TaskForm::Ids TaskForm::cut_mixed(const Run& run, std::size_t most, const DownstreamExample& example,
                                  const std::string& field) const {
  const std::string& text = example.fields.at(field);
  const auto whole_characters = [&](std::size_t bytes) {
    while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
    return bytes;
  };
  Ids fitting = run_ids(run, example, field, 0);
  std::size_t fits = 0;
  std::size_t beyond = text.size();
  while (beyond - fits > 1) {
    const std::size_t middle = fits + (beyond - fits) / 2;
    Ids ids = run_ids(run, example, field, whole_characters(middle));
    if (ids.size() <= most) {
      fitting = std::move(ids);
      fits = middle;
    } else {
      beyond = middle;
    }
  }
  return fitting;
}

}  // namespace prelude
