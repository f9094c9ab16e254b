#include "core/text/train_unigram.h"

#include <sentencepiece_trainer.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <unordered_map>

#include "core/error.h"
#include "core/text/sentencepiece_model.h"

namespace prelude {
namespace {

// SentencePiece passes over a sentence that holds NUL or U+2585, its own mark for the unknown: they become spaces.
std::string without_reserved(std::string text) {
  constexpr std::string_view kReserved = "\u2585";
  std::replace(text.begin(), text.end(), '\0', ' ');
  for (std::size_t at = text.find(kReserved); at != std::string::npos; at = text.find(kReserved, at)) {
    text.replace(at, kReserved.size(), " ");
  }
  return text;
}

class Sentences final : public sentencepiece::SentenceIterator {
 public:
  explicit Sentences(const std::vector<std::string>& sentences) : sentences_(sentences) { clean(); }
  bool done() const override { return next_ >= sentences_.size(); }
  void Next() override {
    ++next_;
    clean();
  }
  const std::string& value() const override { return value_; }
  absl::Status status() const override { return {}; }

 private:
  void clean() {
    if (!done()) value_ = without_reserved(sentences_[next_]);
  }

  const std::vector<std::string>& sentences_;
  std::size_t next_ = 0;
  std::string value_;
};

// Normalising leaves nothing of controls and the like, and without any text SentencePiece ends the program.
bool has_letter_or_digit(const std::string& text) {
  const icu::UnicodeString characters = icu::UnicodeString::fromUTF8(text);
  for (std::int32_t at = 0; at < characters.length(); at = characters.moveIndex32(at, 1)) {
    if (u_isalnum(characters.char32At(at)) != 0) return true;
  }
  return false;
}

// The first number of `text` after `mark`; 0: there is none.
std::int64_t number_after(std::string_view text, std::string_view mark) {
  const std::size_t found = text.find(mark);
  if (found == std::string_view::npos) return 0;
  std::int64_t number = 0;
  const std::string_view rest = text.substr(found + mark.size());
  std::from_chars(rest.data(), rest.data() + rest.size(), number);
  return number;
}

[[noreturn]] void explain(const std::string& message, const UnigramOptions& options) {
  const std::int64_t most = number_after(message, "Please set it to a value <= ");
  require(most == 0,
          "--vocabulary {} is too large for this text; the largest that works is {}: take that or give more text",
          options.vocabulary, most);
  const std::int64_t least = number_after(message, fmt::format("required_chars. {} vs ", options.vocabulary));
  require(
      least == 0,
      "--vocabulary {} is too small for this text: its characters and the special pieces alone need {}; raise it, or "
      "lower --character-coverage",
      options.vocabulary, least);
  fail("SentencePiece cannot learn a tokenizer from this text: {}", message);
}

}  // namespace

std::string train_unigram(const std::vector<std::string>& sentences, const UnigramOptions& options) {
  require(std::any_of(sentences.begin(), sentences.end(), has_letter_or_digit),
          "the text to learn a tokenizer from has no letter and no digit; give more");
  const std::unordered_map<std::string, std::string> settings{
      {"model_type", "unigram"},
      {"vocab_size", fmt::format("{}", options.vocabulary)},
      {"character_coverage", fmt::format("{}", options.character_coverage)},
      {"normalization_rule_name", "nmt_nfkc"},
      {"pad_id", "0"},
      {"eos_id", "1"},
      {"unk_id", "2"},
      {"bos_id", "-1"},
      {"max_sentence_length", fmt::format("{}", kMostSentenceBytes)},
      {"num_threads", "16"},   // part of the result: each thread adds up its own share of the expected counts
      {"minloglevel", "100"},  // nothing: errors come back as a status
  };
  silence_sentencepiece();
  Sentences iterator(sentences);
  std::string model;
  const auto status = sentencepiece::SentencePieceTrainer::Train(settings, &iterator, &model);
  if (!status.ok()) explain(std::string(status.message()), options);
  return model;
}

}  // namespace prelude
