#pragma once

#include <cstddef>
#include <list>
#include <utility>

namespace prelude {

// A few values by key. Where one more would be too many, the one that was not asked for longest goes. Keys are compared
// one by one: for a few dozen.
template <typename Key, typename Value>
class RecentlyUsed {
 public:
  explicit RecentlyUsed(std::size_t most) : most_(most) {}

  // Null where it is not there (or gone). Valid until the next insert.
  Value* find(const Key& key) {
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
      if (!(entry->first == key)) continue;
      entries_.splice(entries_.begin(), entries_, entry);
      return &entries_.front().second;
    }
    return nullptr;
  }

  // `key` is not there yet.
  Value& insert(const Key& key, Value value) {
    if (entries_.size() == most_) entries_.pop_back();
    entries_.emplace_front(key, std::move(value));
    return entries_.front().second;
  }

  std::size_t size() const { return entries_.size(); }

 private:
  std::size_t most_;
  std::list<std::pair<Key, Value>> entries_;  // newest first
};

}  // namespace prelude
