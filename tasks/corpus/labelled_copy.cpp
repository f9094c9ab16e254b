#include "tasks/corpus/labelled_copy.h"

#include "core/error.h"
#include "tasks/corpus/recorded_shards.h"
#include "tasks/corpus/shard.h"
#include "tasks/corpus/shard_writer.h"

namespace prelude {
namespace {

// The corpus, where nothing speaks against labelling it.
const Corpus& unlabelled(const Corpus& corpus) {
  require(!corpus.has_labels(), "'{}' has labels already; give the corpus without, from `prelude corpus build`",
          corpus.folder());
  return corpus;
}

}  // namespace

SentenceRange sentences_of_shard(const Corpus& corpus, std::size_t index) {
  const auto& shards = corpus.manifest().shards;
  SentenceRange range{0, 0};
  for (std::size_t i = 0; i <= index; ++i) range = {range.last, range.last + shards.at(i).sentences};
  return range;
}

LabelledCopy::LabelledCopy(const std::string& output, const Corpus& corpus)
    : output_(output), corpus_(unlabelled(corpus)), folder_(output, FolderKind::labelled_corpus) {
  std::optional<LabelRecord> found = read_label_record(path("label.json"));
  if (!found) return;
  record_ = *std::move(found);
  const std::size_t most = corpus.manifest().shards.size();
  require(record_.shards.size() <= most, "'{}' holds {} shards, but '{}' has {}; give another --output", output,
          record_.shards.size(), corpus.folder(), most);
  require_recorded_shards(output, "label.json", record_.shards,
                          fmt::format("delete the folder '{}' and label again", output));
}

std::string LabelledCopy::path(const char* name) const { return output_ + "/" + name; }

std::optional<std::string> LabelledCopy::recorded(const std::string& name) const {
  if (record_.shards.empty()) return {};
  return value_of(record_.options, name);
}

void LabelledCopy::begin(const NamedValues& options) {
  if (!record_.shards.empty()) require_same_labelling(record_, options, output_);
  record_.options = options;
  if (record_.shards.empty()) write_label_record(path("label.json"), record_);
}

SentenceRange LabelledCopy::next_sentences() const { return sentences_of_shard(corpus_, next_shard()); }

void LabelledCopy::check_source() const {
  const Manifest& manifest = corpus_.manifest();
  const ShardEntry& entry = manifest.shards.at(next_shard());
  Shard(corpus_.folder(), entry, manifest.vocabulary_size, manifest.labels).verify(entry.xxh3_128);
}

void LabelledCopy::add_shard(const ShardLabels& labels) {
  const Manifest& manifest = corpus_.manifest();
  const ShardEntry& entry = manifest.shards.at(next_shard());
  const auto wanted = static_cast<std::size_t>(entry.sentences);
  ensure(labels.labels.size() == wanted && labels.confidences.size() == wanted, "{} labels and {} confidences of {}",
         labels.labels.size(), labels.confidences.size(), wanted);
  const Shard shard(corpus_.folder(), entry, manifest.vocabulary_size, manifest.labels);
  ShardWriter writer(manifest.vocabulary_size, true);
  for (std::int64_t d = 0; d < shard.documents(); ++d) {
    const SentenceRange sentences = shard.document(d);
    TokenDocument document;
    for (std::int64_t s = sentences.first; s < sentences.last; ++s) {
      const TokenSpan tokens = shard.sentence(s);
      tokens.append_to(document.tokens, tokens.size());
      document.sentence_sizes.push_back(tokens.size());
      document.labels.push_back(labels.labels[static_cast<std::size_t>(s)]);
      document.label_confidences.push_back(labels.confidences[static_cast<std::size_t>(s)]);
    }
    writer.add_document(document);
  }
  record_.shards.push_back(writer.seal(output_, next_shard()));
  write_label_record(path("label.json"), record_);
}

void LabelledCopy::finish() const {
  Manifest manifest = corpus_.manifest();
  ensure(next_shard() == manifest.shards.size(), "{} of {} shards are labelled", next_shard(), manifest.shards.size());
  manifest.labels = true;
  manifest.labelling = record_.options;
  manifest.shards = record_.shards;
  write_manifest(path("corpus.json"), manifest);
}

}  // namespace prelude
