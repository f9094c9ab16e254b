// SentencePiece's table of normalisation rules ("precompiled charsmap"): a double-array trie of keys, each with the
// place of the text that replaces it. Layout: uint32 bytes of the trie (little endian), the trie, texts that end in
// NUL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace prelude {

class CharacterMap {
 public:
  // Throws UserError naming `path` where `table` is cut short. What it holds otherwise is checked as it is read.
  CharacterMap(std::string_view table, const std::string& path);

  // What replaces the shortest key that `text` starts with, as the tokenizers library of Hugging Face has it. Valid as
  // long as this object.
  std::optional<std::string_view> replacement(std::string_view text) const;
  // True where a key holds the byte (not 0).
  bool has_key_with(unsigned char byte) const;
  // All replacements, one behind the other.
  std::string_view texts() const { return texts_; }

 private:
  // The state behind `byte`, and nothing where no key goes on so.
  std::optional<std::size_t> next(std::size_t state, unsigned char byte, bool& is_key) const;

  std::vector<std::uint32_t> units_;
  std::string texts_;
};

}  // namespace prelude
