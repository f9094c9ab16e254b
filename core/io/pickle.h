// A reader of the few pickles that torch.save makes of one tensor. It executes nothing: a name that the pickle wants to
// call is matched with a short list, and everything else is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/io/float_array.h"

namespace prelude {

// What a pickle of ours can build. Values refer to each other by their place in the reader's arena, so that a pickle
// that refers to itself costs nothing.
using PickleRef = std::size_t;

struct PickleNone {};
struct PickleMark {};
enum class PickleName : std::uint8_t { rebuild_tensor, rebuild_parameter, ordered_dict, storage_type };
struct PickleGlobal {
  PickleName name;
  FloatType type = FloatType::float32;  // of a storage
};
struct PickleTuple {  // or list
  std::vector<PickleRef> items;
};
struct PickleDict {
  std::vector<std::pair<PickleRef, PickleRef>> items;
};
// Numbers that lie outside the pickle, under a key.
struct PickleStorage {
  std::string key;
  FloatType type = FloatType::float32;
  std::int64_t elements = 0;
};
struct PickleTensor {
  PickleStorage storage;
  std::int64_t offset = 0;  // in elements
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;  // in elements, as many as sizes
};
using PickleValue = std::variant<PickleNone, PickleMark, bool, std::int64_t, std::string, PickleGlobal, PickleTuple,
                                 PickleDict, PickleStorage, PickleTensor>;

class PickleReader {
 public:
  // `bytes` may hold several pickles in a row and data after them.
  PickleReader(std::string_view bytes, std::string path) : bytes_(bytes), path_(std::move(path)) {}

  // Reads the next pickle. Throws UserError naming the file where it is cut, or wants anything that a tensor's pickle
  // does not need, with the name that it would have called.
  PickleRef load();
  const PickleValue& at(PickleRef ref) const { return arena_.at(ref); }
  std::size_t position() const { return position_; }  // in bytes, after the last pickle

  // The value as a T; throws UserError where it is something else.
  template <typename T>
  const T& as(PickleRef ref) const {
    if (const T* value = std::get_if<T>(&arena_.at(ref))) return *value;
    unexpected();
  }

 private:
  // The value on top of the stack, to be added to.
  template <typename T>
  T& top() {
    if (!stack_.empty()) {
      if (T* value = std::get_if<T>(&arena_[stack_.back()])) return *value;
    }
    unexpected();
  }

  [[noreturn]] void unexpected() const;
  std::uint64_t number(std::size_t bytes);
  std::string_view take(std::size_t bytes);
  std::string_view line();
  void push(PickleValue value);
  PickleRef pop();
  std::vector<PickleRef> pop_to_mark();
  void tuple(std::size_t count);
  void step(unsigned char opcode);
  void global();
  void reduce();
  void persistent();
  void set_items(const std::vector<PickleRef>& items);
  PickleTensor rebuild(const PickleTuple& arguments) const;
  std::vector<std::int64_t> integers(PickleRef ref) const;

  std::string_view bytes_;
  std::string path_;
  std::size_t position_ = 0;
  std::vector<PickleValue> arena_;
  std::vector<PickleRef> stack_;
  std::map<std::uint64_t, PickleRef> memo_;
};

}  // namespace prelude
