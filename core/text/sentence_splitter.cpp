#include "core/text/sentence_splitter.h"

#include <unicode/brkiter.h>
#include <unicode/utext.h>

#include <algorithm>

#include "core/error.h"

namespace prelude {
namespace {

constexpr std::string_view kSpaces = " \t\v\f\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

void check_icu(UErrorCode code, const char* what) {
  ensure(U_SUCCESS(code) != 0, "ICU cannot {}: {}", what, u_errorName(code));
}

}  // namespace

struct SentenceSplitter::Parts {
  std::unique_ptr<icu::BreakIterator> boundaries;
  std::unique_ptr<UText, decltype(&utext_close)> text{nullptr, utext_close};

  // Appends the sentences of one line.
  void split(std::string_view line, std::vector<std::string_view>& sentences);
};

void SentenceSplitter::Parts::split(std::string_view line, std::vector<std::string_view>& sentences) {
  UErrorCode code = U_ZERO_ERROR;
  text.reset(utext_openUTF8(text.release(), line.data(), static_cast<std::int64_t>(line.size()), &code));
  check_icu(code, "read the text");
  boundaries->setText(text.get(), code);
  check_icu(code, "set the text");
  std::int32_t begin = boundaries->first();
  for (std::int32_t end = boundaries->next(); end != icu::BreakIterator::DONE; end = boundaries->next()) {
    const std::string_view sentence =
        trimmed(line.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)));
    if (!sentence.empty()) sentences.push_back(sentence);
    begin = end;
  }
}

SentenceSplitter::SentenceSplitter(Splitting splitting) {
  if (splitting == Splitting::line) return;
  UErrorCode code = U_ZERO_ERROR;
  parts_ = std::make_unique<Parts>();
  parts_->boundaries.reset(icu::BreakIterator::createSentenceInstance(icu::Locale("en@ss=standard"), code));
  check_icu(code, "load its sentence rules");
}
SentenceSplitter::SentenceSplitter(SentenceSplitter&&) noexcept = default;
SentenceSplitter& SentenceSplitter::operator=(SentenceSplitter&&) noexcept = default;
SentenceSplitter::~SentenceSplitter() = default;

std::vector<std::string_view> SentenceSplitter::split(std::string_view text) {
  std::vector<std::string_view> sentences;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = trimmed(text.substr(begin, end - begin));
    begin = end + 1;
    if (line.empty()) continue;
    if (parts_) {
      parts_->split(line, sentences);
    } else {
      sentences.push_back(line);
    }
  }
  return sentences;
}

Splitting splitting_named(const std::string& name) {
  if (name == "icu") return Splitting::icu;
  if (name == "line") return Splitting::line;
  fail("'{}' is no way to split sentences; use icu or line", name);
}

const char* name_of(Splitting splitting) { return splitting == Splitting::icu ? "icu" : "line"; }

}  // namespace prelude
