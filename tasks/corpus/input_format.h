// The formats that text is read in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace prelude {

enum class InputFormat : std::uint8_t {
  text,   // a blank line ends a document
  lines,  // a document a line
  jsonl,  // a JSON object a line
  csv,    // a record a document, its text in one column; quotes as RFC 4180 has them
  tsv,    // the same between tabs, with such quotes or without (core/io/delimited_reader.h)
  ppt,    // PPT's raw text: a document a line, <@x(x!> between its sentences
  wiki    // WikiExtractor's <doc ...> to </doc>
};

constexpr std::string_view ppt_separator = "<@x(x!>";

const char* name_of(InputFormat format);
// "auto", which leaves it to find_format, and the names of all formats.
std::vector<std::string> input_format_names();
// None for "auto". Throws UserError for another name.
std::optional<InputFormat> input_format_named(const std::string& name);

// What a file's format follows from.
struct FoundFormat {
  bool known = false;
  InputFormat format = InputFormat::text;
  bool by_content = false;
  std::string reason;  // where it is not known: what the file is instead, and how to mend it
};

// By the ending (.txt, .jsonl, .ndjson, .csv, .tsv, each perhaps with .gz or .zst), and by the first bytes where the
// ending says nothing (none, a number, .json, .text), and where a .txt is another format's file: PPT's raw text,
// WikiExtractor's, or JSON lines throughout. Throws UserError where the file cannot be opened.
FoundFormat find_format(const std::string& path);

}  // namespace prelude
