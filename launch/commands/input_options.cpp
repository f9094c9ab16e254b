#include "launch/commands/input_options.h"

#include "tasks/corpus/input_format.h"

namespace prelude {

void declare_inputs(OptionTable& table, BuildOptions& input) {
  table
      .add("input", input.inputs, "PATH",
           "Text files or folders of them, in this order, each perhaps packed (.gz, .zst). A folder stands for all "
           "files "
           "below it, links followed, sorted by path; what begins with a dot is left out.")
      .required();
  table
      .add("format", input.format, "",
           "Of all these files: text, a blank line ends a document; lines, a document per line; jsonl, a JSON object "
           "per "
           "line; csv and tsv, a record per document; ppt, a document per line with <@x(x!> between its sentences; "
           "wiki, "
           "WikiExtractor's <doc ...>. auto: by the ending (.txt, .jsonl, .csv, .tsv), and by content where it is "
           "another or none.")
      .choices(input_format_names());
}

void declare_text_field(OptionTable& table, BuildOptions& input) {
  table.add("text-field", input.text_field, "NAME",
            "The field of a JSON line, or the column of a table, that holds the text.");
}

void declare_input_problems(OptionTable& table, BuildOptions& input, std::string& on_error) {
  table
      .add("on-error", on_error, "",
           "At bad UTF-8, bad JSON, a missing field, a broken record, a line that is too long, an empty, truncated or "
           "unknown file: stop, or skip that document or file and count it.")
      .choices({"stop", "skip"});
  table.add("max-line-bytes", input.max_line_bytes, "N", "A longer line is an error.").at_least(1);
  table.add("max-document-bytes", input.max_document_bytes, "N", "A longer document of a .txt file is an error.")
      .at_least(1);
}

}  // namespace prelude
