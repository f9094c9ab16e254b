// Tokens beside a model's own segmentation: texts that become one id wherever they stand (special tokens, sentinels,
// what a folder adds), as Hugging Face's tokenizers know them.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace prelude {

struct AddedToken {
  std::string text;
  std::int32_t id = -1;
  bool takes_space_before = false;  // lstrip
  bool takes_space_behind = false;  // rstrip
  bool only_whole_words = false;    // single_word
  bool in_normalised_text = false;  // normalized: looked for in the normalised text
  bool special = false;
  bool operator==(const AddedToken&) const = default;
};

class AddedTokens {
 public:
  // A token of a text that is there already is replaced. An empty text is left out.
  void add(AddedToken token);

  const AddedToken* of_id(std::int32_t id) const;          // nullptr: there is none
  const AddedToken* of_text(std::string_view text) const;  // the same
  const std::vector<AddedToken>& all() const { return tokens_; }

  // The parts of `text` in order, empty ones left out: between(offset, part) for what lies between tokens, token(t) for
  // each. The first match is taken, and of several that start there the longest.
  void split(std::string_view text, const std::function<void(std::size_t, std::string_view)>& between,
             const std::function<void(const AddedToken&)>& token) const;

 private:
  const AddedToken* longest_at(std::string_view text) const;

  std::vector<AddedToken> tokens_;
  std::unordered_map<std::string, std::size_t> by_text_;
  std::unordered_map<std::int32_t, std::size_t> by_id_;
  std::set<std::size_t, std::greater<>> sizes_;  // of the texts, in bytes
  std::string first_bytes_;
};

}  // namespace prelude
