// One line of the input of predict and evaluate (docs/commands.md, "predict").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/io/line_reader.h"
#include "core/text/tokenizer.h"

namespace prelude {

using Ids = std::vector<std::int32_t>;

struct Request {
  std::string place;  // "FILE line 3", for messages
  Ids source;
  std::optional<Ids> target;                  // not empty
  std::vector<Ids> candidates;                // none empty
  std::vector<std::int64_t> candidate_bytes;  // one a candidate: of its text without <extra_id_k> and the blanks at its
                                              // ends; of ids: of the text that they stand for, 0 without a tokenizer
  std::optional<std::int64_t> label;          // which candidate is right
};

// How lines become ids.
struct RequestFormat {
  const Tokenizer* tokenizer = nullptr;  // may be missing where all lines give ids
  std::int64_t vocab_size = 0;           // ids are below
  std::optional<std::int32_t> append;    // put after every source, target and candidate
  bool has_prompt = false;               // else a source needs an id
  bool has_labels = false;               // read label; else it is as free as any field that is not named here
};

class RequestReader {
 public:
  RequestReader(const std::string& path, RequestFormat format);

  // The next line that is not blank; nothing at the end. Throws UserError naming file, line and defect.
  std::optional<Request> next();

 private:
  std::string path_;
  RequestFormat format_;
  LineReader lines_;
};

}  // namespace prelude
