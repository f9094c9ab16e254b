#include "tasks/corpus/build_record.h"

#include <limits>
#include <utility>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/paths.h"
#include "core/io/shallow_json.h"
#include "tasks/corpus/json_fields.h"

namespace prelude {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 48;
constexpr const char* kFresh = "give another --output, or delete the folder to start afresh";

const char* text_of(bool value) { return value ? "true" : "false"; }

}  // namespace

BuildRecord new_build_record(const BuildOptions& options, const std::vector<InputFile>& inputs,
                             const std::string& tokenizer_sha256) {
  BuildRecord record;
  record.options = {{"tokenizer", tokenizer_sha256},
                    {"sentences", name_of(options.sentences)},
                    {"min-sentence-tokens", std::to_string(options.min_sentence_tokens)},
                    {"min-sentence-chars", std::to_string(options.min_sentence_chars)},
                    {"min-document-sentences", std::to_string(options.min_document_sentences)},
                    {"shard-tokens", std::to_string(options.shard_tokens)},
                    {"text-field", options.text_field},
                    {"labels", text_of(options.labels)},
                    {"max-line-bytes", std::to_string(options.max_line_bytes)},
                    {"max-document-bytes", std::to_string(options.max_document_bytes)},
                    {"on-error", options.skip_errors ? "skip" : "stop"}};
  for (const InputFile& input : inputs) {
    const char* format = input.format.known ? name_of(input.format.format) : "unknown";
    record.inputs.push_back({input.path, format, input.bytes, input.modified});
  }
  return record;
}

void write_build_record(const std::string& path, const BuildRecord& record) {
  nlohmann::ordered_json document = {{"schema_version", 1},
                                     {"options", to_json(record.options)},
                                     {"inputs", nlohmann::ordered_json::array()},
                                     {"documents_read", record.documents_read},
                                     {"dropped", to_json(record.dropped)},
                                     {"unknown_tokens", record.unknown_tokens},
                                     {"problems", nlohmann::ordered_json::object()},
                                     {"shards", nlohmann::ordered_json::array()}};
  for (const RecordedInput& input : record.inputs) {
    document["inputs"].push_back(
        {{"path", input.path}, {"format", input.format}, {"bytes", input.bytes}, {"modified", input.modified}});
  }
  for (const ProblemKind kind : kProblemKinds) document["problems"][name_of(kind)] = record.problems.of(kind);
  for (const ShardEntry& shard : record.shards) document["shards"].push_back(to_json(shard));
  const auto replace = nlohmann::json::error_handler_t::replace;  // a path may be no UTF-8
  write_file_atomically(path, document.dump(2, ' ', false, replace) + "\n");
}

std::optional<BuildRecord> read_build_record(const std::string& path) {
  if (!path_exists(path)) return {};
  const nlohmann::json document = read_json_file(path, std::size_t{256} << 20, {.values = std::size_t{8} << 20});
  const JsonFields fields(document, path, "");
  fields.check(fields.integer("schema_version", 0, kMost) == 1, "schema_version",
               "must be 1; a newer prelude wrote it");
  BuildRecord record;
  record.options = read_named_values(fields.object("options"));
  for (const JsonFields& input : fields.objects("inputs")) {
    record.inputs.push_back({input.text("path"), input.has("format") ? input.text("format") : "",
                             input.integer("bytes", 0, kMost),
                             input.integer("modified", std::numeric_limits<std::int64_t>::min(),
                                           std::numeric_limits<std::int64_t>::max())});
  }
  record.documents_read = fields.integer("documents_read", 0, kMost);
  record.dropped = read_dropped(fields.object("dropped"));
  if (fields.has("unknown_tokens")) record.unknown_tokens = fields.integer("unknown_tokens", 0, kMost);
  const JsonFields problems = fields.object("problems");
  for (const ProblemKind kind : kProblemKinds) {
    if (problems.has(name_of(kind))) record.problems.add(kind, problems.integer(name_of(kind), 0, kMost));
  }
  for (const JsonFields& shard : fields.objects("shards"))
    record.shards.push_back(read_shard_entry(shard, record.shards.size()));
  return record;
}

void require_same_build(const BuildRecord& found, const BuildRecord& wanted, const std::string& output) {
  for (const auto& [name, value] : wanted.options) {
    const std::string other = value_of(found.options, name);
    require(value == other, "'{}' holds a corpus built with another {} ({}, now {}); use the same, {}", output, name,
            other, value, kFresh);
  }
  require(found.inputs.size() == wanted.inputs.size(),
          "'{}' holds a corpus built from {} input files, now there are {}; {}", output, found.inputs.size(),
          wanted.inputs.size(), kFresh);
  for (std::size_t i = 0; i < wanted.inputs.size(); ++i) {
    const RecordedInput& before = found.inputs[i];
    const RecordedInput& now = wanted.inputs[i];
    require(before.path == now.path, "'{}' holds a corpus built from '{}', not '{}'; {}", output, before.path, now.path,
            kFresh);
    require(before.bytes == now.bytes && before.modified == now.modified,
            "the input '{}' has changed since the build in '{}' began; {}", now.path, output, kFresh);
    require(before.format.empty() || before.format == now.format,
            "'{}' holds a corpus that read the input '{}' as {}, not {}; {}", output, now.path, before.format,
            now.format, kFresh);
  }
}

}  // namespace prelude
