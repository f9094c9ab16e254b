#include "tasks/corpus/wire.h"

#include "tasks/corpus/byte_fields.h"

namespace prelude {
namespace {

constexpr std::size_t kLeastRaw = 8 + 1 + 8 + 8 + 8 + 1;  // an empty RawDocument
constexpr std::size_t kLeastMade = 8 + 5 * 8 + 1 + 1;     // a MadeDocument of nothing

void put(ByteWriter& out, const std::optional<InputProblem>& problem) {
  out.put(static_cast<std::uint8_t>(problem ? 1 : 0));
  if (!problem) return;
  out.put(static_cast<std::uint8_t>(problem->kind));
  out.put_text(problem->message);
}

std::optional<InputProblem> problem_from(ByteReader& in) {
  if (!in.get_flag()) return {};
  const auto kind = in.get<std::uint8_t>();
  ensure(kind < kProblemKinds.size(), "a message between ranks is damaged: a problem of kind {}", kind);
  return InputProblem{kProblemKinds[kind], in.get_text()};
}

void put(ByteWriter& out, const TokenDocument& document) {
  out.put_array(document.tokens);
  out.put_array(document.sentence_sizes);
  out.put_array(document.labels);
  out.put_array(document.label_confidences);
}

TokenDocument document_from(ByteReader& in) {
  TokenDocument document;
  document.tokens = in.get_array<std::int32_t>();
  document.sentence_sizes = in.get_array<std::int64_t>();
  document.labels = in.get_array<std::int8_t>();
  document.label_confidences = in.get_array<float>();
  return document;  // ShardWriter::add_document checks that they fit each other
}

RawDocument raw_from(ByteReader& in) {
  RawDocument raw;
  raw.text = in.get_text();
  raw.is_json = in.get_flag();
  raw.path = in.get_text();
  raw.line = in.get<std::int64_t>();
  raw.bytes_read = in.get<std::int64_t>();
  raw.problem = problem_from(in);
  return raw;
}

MadeDocument made_from(ByteReader& in) {
  MadeDocument made;
  made.bytes_read = in.get<std::int64_t>();
  made.dropped.sentences_few_chars = in.get<std::int64_t>();
  made.dropped.sentences_few_tokens = in.get<std::int64_t>();
  made.dropped.documents_few_sentences = in.get<std::int64_t>();
  made.dropped.sentences_of_those = in.get<std::int64_t>();
  made.unknown_tokens = in.get<std::int64_t>();
  made.problem = problem_from(in);
  if (in.get_flag()) made.document = document_from(in);
  return made;
}

template <typename Element, typename Read>
std::vector<Element> batch_from(std::string_view bytes, std::size_t least, const Read& read) {
  ByteReader in(bytes);
  std::vector<Element> elements;
  const std::size_t count = in.count_of(least);
  elements.reserve(count);
  for (std::size_t i = 0; i < count; ++i) elements.push_back(read(in));
  in.expect_end();
  return elements;
}

}  // namespace

std::string to_bytes(const RawBatch& documents) {
  ByteWriter out;
  out.put(static_cast<std::uint64_t>(documents.size()));
  for (const RawDocument& raw : documents) {
    out.put_text(raw.text);
    out.put(static_cast<std::uint8_t>(raw.is_json ? 1 : 0));
    out.put_text(raw.path);
    out.put(raw.line);
    out.put(raw.bytes_read);
    put(out, raw.problem);
  }
  return out.take();
}

std::string to_bytes(const MadeBatch& documents) {
  ByteWriter out;
  out.put(static_cast<std::uint64_t>(documents.size()));
  for (const MadeDocument& made : documents) {
    out.put(made.bytes_read);
    out.put(made.dropped.sentences_few_chars);
    out.put(made.dropped.sentences_few_tokens);
    out.put(made.dropped.documents_few_sentences);
    out.put(made.dropped.sentences_of_those);
    out.put(made.unknown_tokens);
    put(out, made.problem);
    out.put(static_cast<std::uint8_t>(made.document ? 1 : 0));
    if (made.document) put(out, *made.document);
  }
  return out.take();
}

RawBatch raw_batch_from(std::string_view bytes) { return batch_from<RawDocument>(bytes, kLeastRaw, raw_from); }
MadeBatch made_batch_from(std::string_view bytes) { return batch_from<MadeDocument>(bytes, kLeastMade, made_from); }

}  // namespace prelude
