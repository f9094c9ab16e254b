#include "launch/commands/tokenizer.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/io/line_reader.h"
#include "core/text/tokenizer.h"
#include "core/text/utf8.h"
#include "launch/standard_output.h"

namespace prelude {
namespace {

constexpr std::int64_t kMostLineBytes = std::int64_t{1} << 27;

struct TokenizerEncodeOptions {
  std::string tokenizer;
  std::string input;
  bool json = false;
};

void declare(OptionTable& table, TokenizerEncodeOptions& options) {
  table
      .add("tokenizer", options.tokenizer, "PATH",
           "A SentencePiece model (spiece.model), a tokenizer.json, or a folder (a backbone's) with either and what "
           "transformers keeps beside it.")
      .required();
  table.add("input", options.input, "FILE", "A text a line (.gz, .zst too).").required();
  table.add("json", options.json, "", "Each line is a JSON text (\"a\\nb\"), not the text itself.");
}

std::string text_of(const std::string& line, bool json, const std::string& place) {
  if (!json) {
    require(valid_utf8_bytes(line) == line.size(), "{}: the line is no UTF-8", place);
    return line;
  }
  const auto value = nlohmann::json::parse(line, nullptr, false);
  require(value.is_string(), "{}: a JSON text is wanted", place);
  return value.get<std::string>();
}

int run(const TokenizerEncodeOptions& options) {
  const Tokenizer tokenizer = Tokenizer::load(options.tokenizer);
  LineReader lines(options.input, kMostLineBytes);
  std::string line;
  for (;;) {
    const LineReader::Status status = lines.next(line);
    if (status == LineReader::Status::end) return exit_done;
    const std::string place = fmt::format("{}:{}", options.input, lines.line_number());
    require(status != LineReader::Status::damaged, "{}: {}", place, lines.damage());
    require(status != LineReader::Status::too_long, "{}: the line has more than {} bytes", place, kMostLineBytes);
    const nlohmann::json ids = tokenizer.encode(text_of(line, options.json, place));
    write_out(ids.dump() + "\n");
  }
}

}  // namespace

Command tokenizer_encode_command() {
  return make_command<TokenizerEncodeOptions>("tokenizer encode", "texts to token ids, a list a line", declare, run);
}

}  // namespace prelude
