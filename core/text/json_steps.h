// The steps of a tokenizer.json: what normalises a text, what cuts it into words, what makes text of pieces. Those that
// T5's and mT5's files, and what transformers makes of their SentencePiece models, are made of.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace prelude {

// A stretch of a text. `at_start`: it begins where the text as it was given does.
struct TextPart {
  std::string text;
  bool at_start = false;
};

using Normaliser = std::function<void(TextPart&)>;
using Cutter = std::function<std::vector<TextPart>(TextPart)>;
using PieceJoiner = std::function<std::vector<std::string>(std::vector<std::string>)>;

// Each appends its steps in order. `step` may be null. Throws UserError naming `path` and the kind of step, where that
// is not known here or damaged.
void read_normaliser(const std::string& path, const nlohmann::json& step, std::vector<Normaliser>& steps);
void read_cutter(const std::string& path, const nlohmann::json& step, std::vector<Cutter>& steps);
void read_joiner(const std::string& path, const nlohmann::json& step, std::vector<PieceJoiner>& steps);

// Neighbouring pieces <0xXX> become the text of their bytes, or a U+FFFD each where they are no UTF-8.
std::vector<std::string> join_bytes(std::vector<std::string> pieces);

}  // namespace prelude
