// The tokens beside a model's own pieces: which there are, and under which ids, from the model and its folder's
// settings.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/text/added_tokens.h"
#include "core/text/text_model.h"
#include "core/text/tokenizer_settings.h"

namespace prelude {

struct TokenTable {
  AddedTokens added;
  std::vector<std::int32_t> sentinels;  // id of <extra_id_k>
  std::string no_sentinels;             // why there are none, for a message
  std::int32_t pad = -1;                // -1: there is none
  std::int32_t end_of_sequence = -1;
  std::int64_t size = 0;  // the model's pieces and what is added behind them
};

struct TokenTableRules {
  std::string path;               // in messages
  std::int64_t vocabulary = 0;    // the backbone's; 0: any
  int sentinels = 100;            // behind the pieces where the settings do not say and the model holds none
  bool appends_sentinels = true;  // false: the model's file itself lists them (tokenizer.json)
  bool names_specials = true;     // the model's own <pad>, </s> and <unk> are their ids wherever a text holds them
};

// Ids as transformers' T5 tokenizer has them: sentinels count down behind the pieces (<extra_id_0> is last), then what
// the settings number, then further special tokens. Without settings a model that holds <extra_id_k> keeps those, and
// one without padding has none. Throws UserError where the settings number a token other than it would come out, and
// where the vocabulary has no room for the pieces or for an added token; without room for sentinels there are none.
TokenTable make_token_table(const TextModel& model, const TokenizerSettings& settings, const TokenTableRules& rules);

// The table as text, alike where it makes the same ids. Without `spaces_matter` the model drops spaces at the ends of
// what it is given, so that it does not matter who takes those beside a token, nor whether normalising comes first.
std::string description_of(const TokenTable& table, bool spaces_matter);

}  // namespace prelude
