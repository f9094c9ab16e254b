// A copy of a corpus with a pseudo-label for each sentence, made shard by shard and gone on with after an interruption.
// The labels come from the caller: nothing here knows a model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/io/output_folder.h"
#include "tasks/corpus/corpus.h"
#include "tasks/corpus/label_record.h"

namespace prelude {

// Of the sentences of one shard, in their order.
struct ShardLabels {
  std::vector<std::int8_t> labels;  // -1: none
  std::vector<float> confidences;   // in [0, 1]
};

class LabelledCopy {
 public:
  // Takes the folder `output`, made where missing, as its one writer, and finds what an earlier labelling has done
  // there. `corpus` outlives this. Throws UserError where the corpus has labels, the folder holds anything else, or a
  // shard is missing.
  LabelledCopy(const std::string& output, const Corpus& corpus);

  // What the labels there were made with under `name`; none where there is no sealed shard, which binds nobody.
  std::optional<std::string> recorded(const std::string& name) const;
  // `options`: all that the labels depend on; kept with the corpus. Called once, before the rest. Throws UserError
  // where the sealed shards were made with others.
  void begin(const NamedValues& options);

  // The first shard that is not there yet; as many as the corpus has shards: all are.
  std::size_t next_shard() const { return record_.shards.size(); }
  // The next shard's sentences, counted over the whole corpus.
  SentenceRange next_sentences() const;
  // Reads the next shard of the corpus and its checksum: a copy with a checksum of its own would hide a defect.
  void check_source() const;
  // Copies and seals the next shard.
  void add_shard(const ShardLabels& labels);
  // Writes the manifest, after the last shard: from then on the folder is a corpus.
  void finish() const;

 private:
  std::string path(const char* name) const;

  std::string output_;
  const Corpus& corpus_;
  OutputFolder folder_;
  LabelRecord record_;
};

// The sentences of shard `index`, counted over the whole corpus.
SentenceRange sentences_of_shard(const Corpus& corpus, std::size_t index);

}  // namespace prelude
