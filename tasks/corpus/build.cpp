#include "tasks/corpus/build.h"

#include <utility>

#include "core/error.h"
#include "core/io/output_folder.h"
#include "core/io/paths.h"
#include "core/text/tokenizer.h"
#include "tasks/corpus/build_record.h"
#include "tasks/corpus/make_documents.h"
#include "tasks/corpus/recorded_shards.h"

namespace prelude {
namespace {

void check_options(const BuildOptions& options) {
  constexpr std::int64_t kLongestText = (std::int64_t{1} << 31) - 1;  // ICU counts in 32 bits
  const auto in_range = [](const char* name, std::int64_t value, std::int64_t least, std::int64_t most) {
    require(value >= least && value <= most, "--{} must be between {} and {}, not {}", name, least, most, value);
  };
  require(!options.text_field.empty(), "--text-field is empty");
  in_range("min-sentence-tokens", options.min_sentence_tokens, 0, kLongestText);
  in_range("min-sentence-chars", options.min_sentence_chars, 0, kLongestText);
  in_range("min-document-sentences", options.min_document_sentences, 0, kLongestText);
  in_range("shard-tokens", options.shard_tokens, 1, std::int64_t{1} << 40);
  in_range("max-line-bytes", options.max_line_bytes, 1, kLongestText);
  in_range("max-document-bytes", options.max_document_bytes, 1, kLongestText);
  in_range("workers", options.workers, 0, 1024);
}

class Builder {
 public:
  Builder(const BuildOptions& options, const BuildHooks& hooks, FarWorkers* far)
      : options_(options),
        hooks_(hooks),
        far_(far),
        tokenizer_(Tokenizer::load(options.tokenizer)),
        input_(list_input_files(options.inputs, options.format)),
        wanted_(new_build_record(options, input_.files, tokenizer_.sha256())),
        folder_(options.output, FolderKind::corpus_build),
        record_(wanted_),
        writer_(tokenizer_.size(), options.labels) {}

  BuildResult run() {
    if (continue_or_begin()) return finish(BuildResult::End::already_complete);
    if (!read_all()) return finish(BuildResult::End::stopped);
    if (writer_.documents() > 0) seal_shard();
    require(!record_.shards.empty(),
            "no document is left of {} read ({}; {}); is the input what you think, or the filters too strict?",
            documents_read_, problems_.summary(), describe(dropped_));
    write_manifest(manifest_path(), manifest());
    return finish(BuildResult::End::complete);
  }

 private:
  std::string record_path() const { return options_.output + "/build.json"; }
  std::string manifest_path() const { return options_.output + "/corpus.json"; }

  static std::string describe(const DroppedCounts& dropped) {
    return fmt::format(
        "dropped: {} sentences of too few characters, {} of too few tokens, {} documents of too few sentences",
        dropped.sentences_few_chars, dropped.sentences_few_tokens, dropped.documents_few_sentences);
  }

  // Takes up the record of an earlier build, or writes the first one. True where that build was complete. One that
  // sealed no shard (it may have failed at its first line) binds nobody to its options.
  bool continue_or_begin() {
    std::optional<BuildRecord> found = read_build_record(record_path());
    if (!found || found->shards.empty()) {
      write_build_record(record_path(), record_);
      return false;
    }
    require_same_build(*found, wanted_, options_.output);
    record_ = std::move(*found);
    record_.options = wanted_.options;  // the same, in our order
    require_recorded_shards(options_.output, "build.json", record_.shards,
                            fmt::format("delete the folder '{}' and build again", options_.output));
    for (const ShardEntry& shard : record_.shards) count(shard);
    dropped_ = record_.dropped;
    problems_ = record_.problems;
    unknown_tokens_ = record_.unknown_tokens;
    documents_read_ = record_.documents_read;
    return path_exists(manifest_path());
  }

  void count(const ShardEntry& shard) {
    progress_.documents += shard.documents;
    progress_.sentences += shard.sentences;
    progress_.tokens += shard.tokens;
    ++progress_.shards;
  }

  // False where the stop hook ended it.
  bool read_all() {
    if (hooks_.begins) hooks_.begins(input_);
    DocumentReader reader(options_, input_.files);
    for (const InputFile& file : input_.files) progress_.bytes_total += file.bytes;
    for (std::int64_t i = 0; i < documents_read_; ++i) {
      require(reader.next().has_value(),
              "the input has fewer documents than the build in '{}' has read; delete that folder", options_.output);
    }
    bool stopped = false;
    make_documents(options_, tokenizer_, reader, far_, [&](const MadeDocument& made) {
      use(made);
      stopped = hooks_.stop && hooks_.stop();
      return !stopped;
    });
    return !stopped;
  }

  void use(const MadeDocument& made) {
    ++documents_read_;
    progress_.bytes_read = made.bytes_read;
    dropped_ += made.dropped;
    unknown_tokens_ += made.unknown_tokens;
    if (made.problem) {
      require(options_.skip_errors, "{} (or leave such input out with --on-error skip)", made.problem->message);
      problems_.add(made.problem->kind);
      if (hooks_.left_out) hooks_.left_out(*made.problem);
    }
    if (made.document) {
      writer_.add_document(*made.document);
      ++progress_.documents;
      progress_.sentences += static_cast<std::int64_t>(made.document->sentence_sizes.size());
      progress_.tokens += static_cast<std::int64_t>(made.document->tokens.size());
      if (writer_.tokens() >= options_.shard_tokens) seal_shard();
    }
    if (hooks_.progress) hooks_.progress(progress_);
  }

  void seal_shard() {
    record_.shards.push_back(writer_.seal(options_.output, record_.shards.size()));
    record_.documents_read = documents_read_;
    record_.dropped = dropped_;
    record_.problems = problems_;
    record_.unknown_tokens = unknown_tokens_;
    write_build_record(record_path(), record_);
    ++progress_.shards;
  }

  Manifest manifest() const {
    Manifest manifest;
    manifest.tokenizer_sha256 = tokenizer_.sha256();
    manifest.vocabulary_size = tokenizer_.size();
    manifest.sentences = name_of(options_.sentences);
    manifest.min_sentence_tokens = options_.min_sentence_tokens;
    manifest.min_sentence_chars = options_.min_sentence_chars;
    manifest.min_document_sentences = options_.min_document_sentences;
    manifest.shard_tokens = options_.shard_tokens;
    manifest.labels = options_.labels;
    manifest.dropped = dropped_;
    manifest.unknown_tokens = unknown_tokens_;
    manifest.shards = record_.shards;
    return manifest;
  }

  BuildResult finish(BuildResult::End end) const {
    BuildResult result;
    result.end = end;
    result.manifest = end == BuildResult::End::already_complete ? read_manifest(manifest_path()) : manifest();
    result.problems = problems_;
    result.documents_read = documents_read_;
    return result;
  }

  const BuildOptions& options_;
  const BuildHooks& hooks_;
  FarWorkers* const far_;
  const Tokenizer tokenizer_;
  const InputFiles input_;
  const BuildRecord wanted_;
  const OutputFolder folder_;
  BuildRecord record_;
  ShardWriter writer_;
  // Up to the document used last; the record holds those up to the last sealed shard.
  std::int64_t documents_read_ = 0;
  DroppedCounts dropped_;
  std::int64_t unknown_tokens_ = 0;
  ProblemCounts problems_;
  BuildProgress progress_;
};

}  // namespace

BuildResult build_corpus(const BuildOptions& options, const BuildHooks& hooks, FarWorkers* far) {
  check_options(options);
  return Builder(options, hooks, far).run();
}

}  // namespace prelude
