#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/io/line_reader.h"
#include "core/io/shallow_json.h"
#include "core/text/tokenizer.h"
#include "launch/commands/tokenizer.h"
#include "launch/standard_output.h"

namespace prelude {
namespace {

using nlohmann::json;

constexpr std::int64_t kMostLineBytes = std::int64_t{1} << 27;
constexpr int kDeepest = 2;

struct TokenizerDecodeOptions {
  std::string tokenizer;
  std::string input;
};

void declare(OptionTable& table, TokenizerDecodeOptions& options) {
  table
      .add(
          "tokenizer", options.tokenizer, "PATH",
          "A SentencePiece model (decodes as its library does), a tokenizer.json, or a folder (decodes as transformers "
          "does).")
      .required();
  table.add("input", options.input, "FILE", "A list of ids per line, as `prelude tokenizer encode` prints.").required();
}

std::vector<std::int32_t> ids_of(const std::string& line, const Tokenizer& tokenizer, const std::string& place) {
  std::vector<std::int32_t> ids;
  for (const json& id : parse_shallow_array(place, line, kDeepest)) {
    const bool known =
        id.is_number_unsigned() && id.get<std::uint64_t>() < static_cast<std::uint64_t>(tokenizer.size());
    require(known, "{}: {} is no id; the tokenizer's are 0 to {}", place, printable(id.dump()), tokenizer.size() - 1);
    ids.push_back(id.get<std::int32_t>());
  }
  return ids;
}

int run(const TokenizerDecodeOptions& options) {
  const Tokenizer tokenizer = Tokenizer::load(options.tokenizer);
  LineReader lines(options.input, kMostLineBytes);
  std::string line;
  for (;;) {
    const LineReader::Status status = lines.next(line);
    if (status == LineReader::Status::end) return exit_done;
    const std::string place = fmt::format("{}:{}", options.input, lines.line_number());
    require(status != LineReader::Status::damaged, "{}: {}", place, lines.damage());
    require(status != LineReader::Status::too_long, "{}: the line has more than {} bytes", place, kMostLineBytes);
    const json text = tokenizer.decode(ids_of(line, tokenizer, place));
    write_out(text.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
  }
}

}  // namespace

Command tokenizer_decode_command() {
  return make_command<TokenizerDecodeOptions>("tokenizer decode", "token ids to texts, a JSON text per line", declare,
                                              run);
}

}  // namespace prelude
