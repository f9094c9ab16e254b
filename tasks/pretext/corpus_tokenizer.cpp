#include "tasks/pretext/corpus_tokenizer.h"

#include "core/error.h"

namespace prelude {

void require_tokenizer(const Corpus& corpus, const Tokenizer& tokenizer) {
  require(corpus.manifest().tokenizer_sha256 == tokenizer.sha256(),
          "{}: the corpus was built with another tokenizer (SHA-256 {:.12}..., the backbone's is {:.12}...); build it "
          "again with --tokenizer and the backbone's folder (spiece.model alone leaves out what stands beside it)",
          corpus.folder(), corpus.manifest().tokenizer_sha256, tokenizer.sha256());
}

}  // namespace prelude
