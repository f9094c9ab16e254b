// Text to sentences.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace prelude {

enum class Splitting {
  icu,  // Unicode's sentence boundaries (UAX #29), less the ones after English abbreviations that CLDR lists ("Mr.")
  line  // every line is a sentence: PPT's own corpora (ppt.md section 2.1)
};

// One a thread.
class SentenceSplitter {
 public:
  explicit SentenceSplitter(Splitting splitting);
  SentenceSplitter(SentenceSplitter&&) noexcept;
  SentenceSplitter& operator=(SentenceSplitter&&) noexcept;
  ~SentenceSplitter();

  // The sentences of `text` (valid UTF-8) in order, without white space around them; none is empty. A newline always
  // ends a sentence: lines are paragraphs. The views look into `text`.
  std::vector<std::string_view> split(std::string_view text);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;  // null: by lines
};

// "icu" and "line". splitting_named throws UserError for anything else.
Splitting splitting_named(const std::string& name);
const char* name_of(Splitting splitting);

}  // namespace prelude
