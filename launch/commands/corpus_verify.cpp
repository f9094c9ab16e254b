#include <fmt/format.h>

#include "launch/commands/corpus.h"
#include "launch/telemetry/progress.h"
#include "tasks/corpus/corpus.h"

namespace prelude {
namespace {

struct CorpusVerifyOptions {
  std::string corpus;
};

void declare(OptionTable& table, CorpusVerifyOptions& options) {
  table.add("corpus", options.corpus, "DIR", "The corpus folder.").positional().required();
}

int run(const CorpusVerifyOptions& options) {
  const Corpus corpus = Corpus::open(options.corpus);
  ProgressBar bar("verifying", "shards", static_cast<std::int64_t>(corpus.manifest().shards.size()));
  corpus.verify([&](std::size_t done, std::size_t) { bar.update(static_cast<std::int64_t>(done)); });
  bar.finish();
  fmt::print("{}: sound; {} shards, {} documents, {} sentences, {} tokens\n", options.corpus,
             corpus.manifest().shards.size(), corpus.documents(), corpus.sentences(), corpus.tokens());
  return exit_done;
}

}  // namespace

Command corpus_verify_command() {
  return make_command<CorpusVerifyOptions>(
      "corpus verify", "every checksum and structure of a corpus; names the first bad shard", declare, run);
}

}  // namespace prelude
