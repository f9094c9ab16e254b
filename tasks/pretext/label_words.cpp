#include "tasks/pretext/label_words.h"

#include "core/error.h"
#include "core/text/answer_texts.h"

namespace prelude {
namespace {

const std::string word_mark = "\u2581";

std::int32_t find_piece(const Tokenizer& tokenizer, const std::string& word, WordMark mark, bool either) {
  const std::string marked = word.starts_with(word_mark) ? word : word_mark + word;
  const std::string& first = mark == WordMark::word_start ? marked : word;
  const std::string& second = mark == WordMark::word_start ? word : marked;
  const std::int32_t id = tokenizer.id_of_piece(first);
  return id >= 0 || !either ? id : tokenizer.id_of_piece(second);
}

}  // namespace

const std::vector<std::string>& nsp_words() {
  static const std::vector<std::string> words{"no", "maybe", "yes"};
  return words;
}

const std::vector<std::string>& cls_words() {
  static const std::vector<std::string> words{"terrible", "bad", "maybe", "good", "great"};
  return words;
}

std::vector<std::string> option_letters(std::size_t count) {
  ensure(count <= 16, "{} option letters, at most 16", count);
  std::vector<std::string> letters;
  for (std::size_t i = 0; i < count; ++i) letters.emplace_back(1, static_cast<char>('A' + i));
  return letters;
}

std::vector<std::int32_t> label_word_ids(const Tokenizer& tokenizer, const std::string& task,
                                         const std::vector<std::string>& defaults,
                                         const std::vector<std::string>& given, WordMark mark) {
  require(given.empty() || given.size() == defaults.size(), "--label-words: task {} takes {} words, but {} are given",
          task, defaults.size(), given.size());
  const std::vector<std::string>& words = given.empty() ? defaults : given;
  std::vector<std::int32_t> ids;
  std::vector<std::vector<std::int32_t>> single;
  for (const std::string& word : words) {
    const std::int32_t id = find_piece(tokenizer, word, mark, !given.empty());
    require(id >= 0,
            "task {}: the tokenizer has no piece for the label word '{}'; give {} words that are single pieces of it "
            "with --label-words",
            task, word, words.size());
    ids.push_back(id);
    single.push_back({id});
  }
  require_told_apart("--label-words", tokenizer, words, single);
  return ids;
}

}  // namespace prelude
