// A document as it stands in a file -> checked, parsed, split, filtered, tokenized.
#pragma once

#include <optional>
#include <string>

#include "core/text/sentence_splitter.h"
#include "core/text/tokenizer.h"
#include "tasks/corpus/build_options.h"
#include "tasks/corpus/document_reader.h"
#include "tasks/corpus/document_text.h"
#include "tasks/corpus/shard_writer.h"

namespace prelude {

struct MadeDocument {
  std::optional<TokenDocument> document;  // none: dropped by the filters, or a problem
  DroppedCounts dropped;
  std::int64_t unknown_tokens = 0;  // of the document's
  std::optional<InputProblem> problem;
  std::int64_t bytes_read = 0;  // RawDocument's
};

// One a thread. A function of the document and the options alone.
class DocumentMaker {
 public:
  // Both must outlive this.
  DocumentMaker(const BuildOptions& options, const Tokenizer& tokenizer);
  MadeDocument make(RawDocument raw);

 private:
  void tokenize(const DocumentText& text, MadeDocument& made);

  const BuildOptions& options_;
  const Tokenizer& tokenizer_;
  SentenceSplitter splitter_;
};

}  // namespace prelude
