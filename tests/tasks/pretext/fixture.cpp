#include "tests/tasks/pretext/fixture.h"

#include <algorithm>
#include <cmath>

#include "tests/tasks/corpus/make_corpus.h"

namespace prelude::test {

const Tokenizer& t5_tokenizer() {
  static const Tokenizer tokenizer = Tokenizer::load(PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model");
  return tokenizer;
}

TestCorpus::TestCorpus(const TestText& text, const TestLabels& labels, const std::string& tokenizer) {
  CorpusOptions options;
  options.tokenizer_sha256 = tokenizer.empty() ? t5_tokenizer().sha256() : tokenizer;
  options.shard_tokens = 20'000;  // several shards
  auto label = labels.labels.begin();
  auto confidence = labels.confidences.begin();
  for (std::int64_t d = 0; d < text.size() && !labels.labels.empty(); ++d) {
    options.labels.emplace_back(label, label + text.document_size(d));
    options.label_confidences.emplace_back(confidence, confidence + text.document_size(d));
    label += text.document_size(d);
    confidence += text.document_size(d);
  }
  make_corpus(folder_.path(), text.documents(), options);
  corpus_.emplace(Corpus::open(folder_.path()));
}

TaskBench::TaskBench(const std::string& task, TestText text, const PretextOptions& options, const TestLabels& labels)
    : text_(std::move(text)),
      corpus_(text_, labels),
      task_(make_pretext_task(task, corpus_.corpus(), t5_tokenizer(), options)) {
  const auto held_out =
      static_cast<std::int64_t>(std::floor(static_cast<double>(text_.size()) * options.validation_fraction));
  cut_ = text_.size() - std::max<std::int64_t>(held_out, 1);
  room_ = (options.max_source == 0 ? default_max_source(task) : options.max_source) - options.prompt_length;
}

}  // namespace prelude::test
