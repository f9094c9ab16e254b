#include "core/text/byte_pair.h"

#include <algorithm>
#include <queue>

#include "core/error.h"
#include "core/io/shallow_json.h"
#include "core/text/utf8.h"

namespace prelude {
namespace {

std::uint64_t key_of(std::int32_t left, std::int32_t right) {
  return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
}

// A piece of the word, in a chain of those that are left; it was taken over by its left neighbour where `id` is -1.
struct Symbol {
  std::int32_t id;
  std::ptrdiff_t before;
  std::ptrdiff_t behind;  // -1: the last
};

struct Candidate {
  std::int32_t rank;
  std::ptrdiff_t at;
  std::int32_t joined;
  // The least rank first, and of equal ones the leftmost.
  bool operator<(const Candidate& other) const { return std::pair(rank, at) > std::pair(other.rank, other.at); }
};

}  // namespace

std::string byte_piece(unsigned char byte) { return fmt::format("<0x{:02X}>", byte); }

BytePair::BytePair(std::unordered_map<std::string, std::int32_t> ids, const Settings& settings)
    : ids_(std::move(ids)), settings_(settings) {}

void BytePair::add_merge(const std::string& left, const std::string& right) {
  const auto known = [&](const std::string& piece) {
    const std::int32_t id = id_of(piece);
    require(id >= 0, "the merge of '{}' and '{}' needs the piece '{}', which is not there", printable(left),
            printable(right), printable(piece));
    return id;
  };
  merges_[key_of(known(left), known(right))] = {next_rank_++, known(left + right)};
}

std::int32_t BytePair::id_of(std::string_view piece) const {
  const auto found = ids_.find(std::string(piece));
  return found == ids_.end() ? -1 : found->second;
}

const BytePair::Merge* BytePair::merge_of(std::int32_t left, std::int32_t right) const {
  const auto found = merges_.find(key_of(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

// An unknown character waits for the next one that is a piece, also behind bytes that come meanwhile.
std::vector<std::int32_t> BytePair::characters(std::string_view word) const {
  std::vector<std::int32_t> ids;
  bool waits = false;
  for (std::size_t at = 0; at < word.size();) {
    const std::string_view character = word.substr(at, character_bytes(word[at]));
    at += character.size();
    if (const std::int32_t id = id_of(character); id >= 0) {
      if (waits) ids.push_back(settings_.unknown);
      waits = false;
      ids.push_back(id);
      continue;
    }
    if (settings_.byte_fallback) {
      std::vector<std::int32_t> bytes;
      for (const char c : character) bytes.push_back(id_of(byte_piece(static_cast<unsigned char>(c))));
      if (std::find(bytes.begin(), bytes.end(), -1) == bytes.end()) {
        ids.insert(ids.end(), bytes.begin(), bytes.end());
        continue;
      }
    }
    if (settings_.unknown < 0) continue;
    if (waits && !settings_.joins_unknown) ids.push_back(settings_.unknown);
    waits = true;
  }
  if (waits) ids.push_back(settings_.unknown);
  return ids;
}

void BytePair::encode(std::string_view word, std::vector<std::int32_t>& ids) const {
  if (const std::int32_t whole = settings_.takes_whole_words ? id_of(word) : -1; whole >= 0) {
    ids.push_back(whole);
    return;
  }
  std::vector<Symbol> symbols;
  for (const std::int32_t id : characters(word)) {
    const auto at = static_cast<std::ptrdiff_t>(symbols.size());
    symbols.push_back({id, at - 1, at + 1});
  }
  if (symbols.empty()) return;
  symbols.back().behind = -1;

  const auto symbol = [&](std::ptrdiff_t at) -> Symbol& { return symbols[static_cast<std::size_t>(at)]; };
  std::priority_queue<Candidate> queue;
  const auto offer = [&](std::ptrdiff_t at) {
    if (at < 0 || symbol(at).behind < 0) return;
    const Merge* merge = merge_of(symbol(at).id, symbol(symbol(at).behind).id);
    if (merge != nullptr) queue.push({merge->rank, at, merge->joined});
  };
  for (std::size_t at = 0; at < symbols.size(); ++at) offer(static_cast<std::ptrdiff_t>(at));
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    Symbol& left = symbol(best.at);
    if (left.id < 0 || left.behind < 0) continue;
    const Merge* merge = merge_of(left.id, symbol(left.behind).id);
    if (merge == nullptr || merge->joined != best.joined) continue;  // what was offered has changed meanwhile
    Symbol& right = symbol(left.behind);
    left.id = best.joined;
    left.behind = right.behind;
    right.id = -1;
    if (left.behind >= 0) symbol(left.behind).before = best.at;
    offer(left.before);
    offer(best.at);
  }
  for (std::ptrdiff_t at = 0; at >= 0; at = symbol(at).behind) ids.push_back(symbol(at).id);
}

}  // namespace prelude
