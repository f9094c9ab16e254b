// What a folder's tokenizer_config.json, special_tokens_map.json and added_tokens.json (and the added tokens of its
// tokenizer.json) say of its tokenizer, read as transformers 5 reads them for T5's tokenizer.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/text/added_tokens.h"

namespace prelude {

struct TokenizerSettings {
  bool given = false;                  // one of the files is there
  std::optional<int> extra_ids;        // sentinels behind the model's pieces
  std::vector<AddedToken> numbered;    // with their ids, in their order
  std::vector<AddedToken> unnumbered;  // special tokens, which are there already or follow in this order
  std::string pad = "<pad>";
  std::string end_of_sequence = "</s>";
  bool cleans_spaces = false;  // decoding takes spaces before punctuation away
};

// Throws UserError naming the file and the key for what is no such file, and for what would make other ids and is not
// known here (another class of tokenizer, lower case, sampling).
TokenizerSettings read_tokenizer_settings(const std::string& folder);

// Adds the added tokens that a tokenizer.json lists.
void read_json_tokens(const std::string& path, TokenizerSettings& settings);

// A token as these files write it: a text, or an object with content, lstrip, rstrip, single_word, normalized, special.
// `place` names it in messages.
AddedToken read_added_token(const std::string& place, const nlohmann::json& value);

// A file's JSON object; UserError naming it where it is none, a Git LFS pointer, or too large.
nlohmann::json read_tokenizer_json(const std::string& path);

}  // namespace prelude
