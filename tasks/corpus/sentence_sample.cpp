#include "tasks/corpus/sentence_sample.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/random/random_stream.h"
#include "tasks/corpus/document_reader.h"
#include "tasks/corpus/document_text.h"
#include "tasks/corpus/input_files.h"

namespace prelude {
namespace {

constexpr std::string_view kSpaces = " \t\v\f\r";

// How many bytes of `line` (longer than `most`) the first part takes.
std::size_t cut_at(std::string_view line, std::size_t most) {
  const std::size_t space = line.find_last_of(kSpaces, most);
  if (space != std::string_view::npos && space > 0) return space;
  std::size_t end = most;
  const auto inside_character = [&](std::size_t at) { return (static_cast<unsigned char>(line[at]) & 0xC0U) == 0x80U; };
  while (inside_character(end)) --end;
  return end;
}

void add_line(std::string_view line, std::size_t most_bytes, std::vector<std::string_view>& parts) {
  for (;;) {
    line.remove_prefix(std::min(line.find_first_not_of(kSpaces), line.size()));
    if (line.size() <= most_bytes) break;
    const std::size_t end = cut_at(line, most_bytes);
    parts.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  if (!line.empty()) parts.push_back(line);
}

// Algorithm R; the draw for item i comes from a stream of its own.
class Reservoir {
 public:
  Reservoir(const SentenceSampleOptions& options, std::vector<std::string>& kept)
      : most_(static_cast<std::uint64_t>(options.most_sentences)), seed_(options.seed), kept_(kept) {}

  void add(std::string_view sentence) {
    const std::uint64_t index = seen_++;
    if (index < most_) {
      kept_.emplace_back(sentence);
      return;
    }
    const std::uint64_t place = RandomStream(seed_, Purpose::sample, index).below(seen_);
    if (place < most_) kept_[place] = sentence;
  }
  std::int64_t seen() const { return static_cast<std::int64_t>(seen_); }

 private:
  std::uint64_t most_;
  std::uint64_t seed_;
  std::uint64_t seen_ = 0;
  std::vector<std::string>& kept_;
};

}  // namespace

std::vector<std::string_view> lines_of_at_most(std::string_view text, std::size_t most_bytes) {
  ensure(most_bytes >= 4, "a part of {} bytes holds no character of four", most_bytes);
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    add_line(text.substr(begin, end - begin), most_bytes, parts);
    begin = end + 1;
  }
  return parts;
}

SentenceSample sample_sentences(const BuildOptions& input, const SentenceSampleOptions& options,
                                const SentenceSampleHooks& hooks) {
  const InputFiles listed = list_input_files(input.inputs, input.format);
  const std::vector<InputFile>& files = listed.files;
  if (hooks.begins) hooks.begins(listed);
  std::int64_t total = 0;
  for (const InputFile& file : files) total += file.bytes;
  DocumentReader reader(input, files);
  SentenceSample sample;
  Reservoir reservoir(options, sample.sentences);
  while (std::optional<RawDocument> raw = reader.next()) {
    const std::int64_t read = raw->bytes_read;
    const DocumentText document = document_text(std::move(*raw), input);
    if (document.problem) {
      require(input.skip_errors, "{} (or leave such input out with --on-error skip)", document.problem->message);
      sample.problems.add(document.problem->kind);
      if (hooks.left_out) hooks.left_out(*document.problem);
      continue;
    }
    ++sample.documents;
    for (const std::string_view line : lines_of_at_most(document.text, options.most_bytes)) reservoir.add(line);
    if (hooks.progress) hooks.progress(read, total);
  }
  sample.sentences_read = reservoir.seen();
  return sample;
}

}  // namespace prelude
