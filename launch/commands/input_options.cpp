#include "launch/commands/input_options.h"

namespace prelude {

void declare_inputs(OptionTable& table, BuildOptions& input) {
  table
      .add("input", input.inputs, "PATH",
           "Text files or folders of them, in this order: .txt (a blank line ends a document) or .jsonl (a document a "
           "line), each perhaps with .gz or .zst. A folder stands for all files below it, sorted by path.")
      .required();
}

void declare_text_field(OptionTable& table, BuildOptions& input) {
  table.add("text-field", input.text_field, "NAME", "The field of a .jsonl line that holds the text.");
}

void declare_input_problems(OptionTable& table, BuildOptions& input, std::string& on_error) {
  table
      .add("on-error", on_error, "",
           "At bad UTF-8, bad JSON, a missing field, a line that is too long, an empty, truncated or unknown file: "
           "stop, or skip that document or file and count it.")
      .choices({"stop", "skip"});
  table.add("max-line-bytes", input.max_line_bytes, "N", "A longer line is an error.").at_least(1);
  table.add("max-document-bytes", input.max_document_bytes, "N", "A longer document of a .txt file is an error.")
      .at_least(1);
}

}  // namespace prelude
