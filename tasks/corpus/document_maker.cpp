#include "tasks/corpus/document_maker.h"

#include <algorithm>
#include <utility>

#include "core/text/utf8.h"

namespace prelude {

DocumentMaker::DocumentMaker(const BuildOptions& options, const Tokenizer& tokenizer)
    : options_(options), tokenizer_(tokenizer), splitter_(options.sentences) {}

void DocumentMaker::tokenize(const DocumentText& text, MadeDocument& made) {
  TokenDocument document;
  for (const std::string_view sentence : splitter_.split(text.text)) {
    if (static_cast<std::int64_t>(count_characters(sentence)) < options_.min_sentence_chars) {
      ++made.dropped.sentences_few_chars;
      continue;
    }
    const std::vector<std::int32_t> ids = tokenizer_.encode(sentence);
    if (ids.empty() || static_cast<std::int64_t>(ids.size()) < options_.min_sentence_tokens) {
      ++made.dropped.sentences_few_tokens;
      continue;
    }
    made.unknown_tokens += std::count(ids.begin(), ids.end(), tokenizer_.unknown());
    document.tokens.insert(document.tokens.end(), ids.begin(), ids.end());
    document.sentence_sizes.push_back(static_cast<std::int64_t>(ids.size()));
  }
  const std::size_t sentences = document.sentence_sizes.size();
  if (sentences == 0 || static_cast<std::int64_t>(sentences) < options_.min_document_sentences) {
    ++made.dropped.documents_few_sentences;
    made.dropped.sentences_of_those += static_cast<std::int64_t>(sentences);
    made.unknown_tokens = 0;
    return;
  }
  if (options_.labels) {
    document.labels.assign(sentences, text.label);
    document.label_confidences.assign(sentences, text.confidence);
  }
  made.document = std::move(document);
}

MadeDocument DocumentMaker::make(RawDocument raw) {
  MadeDocument made;
  made.bytes_read = raw.bytes_read;
  DocumentText text = document_text(std::move(raw), options_);
  made.problem = std::move(text.problem);
  if (!made.problem) tokenize(text, made);
  return made;
}

}  // namespace prelude
