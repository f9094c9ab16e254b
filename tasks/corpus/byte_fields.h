// Plain values one after the other in a string of bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/error.h"

namespace prelude {

class ByteWriter {
 public:
  template <typename T>
  void put(T value) {
    static_assert(std::is_arithmetic_v<T>);
    append(&value, sizeof value);
  }
  void put_text(std::string_view text) {
    put(static_cast<std::uint64_t>(text.size()));
    append(text.data(), text.size());
  }
  template <typename T>
  void put_array(const std::vector<T>& values) {
    static_assert(std::is_arithmetic_v<T>);
    put(static_cast<std::uint64_t>(values.size()));
    append(values.data(), values.size() * sizeof(T));
  }
  std::string take() { return std::move(bytes_); }

 private:
  void append(const void* data, std::size_t size) {
    if (size > 0) bytes_.append(static_cast<const char*>(data), size);
  }

  std::string bytes_;
};

// Throws InternalError where the bytes do not hold what is asked for, before memory is taken for it.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T get() {
    static_assert(std::is_arithmetic_v<T>);
    T value;
    std::memcpy(&value, next(sizeof value).data(), sizeof value);
    return value;
  }
  bool get_flag() {
    const auto value = get<std::uint8_t>();
    ensure(value <= 1, "a message between ranks is damaged: a flag of {}", value);
    return value == 1;
  }
  std::string get_text() { return std::string(next(count_of(1))); }
  template <typename T>
  std::vector<T> get_array() {
    static_assert(std::is_arithmetic_v<T>);
    std::vector<T> values(count_of(sizeof(T)));
    const std::string_view bytes = next(values.size() * sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  // A count of things that take at least `least` bytes each.
  std::size_t count_of(std::size_t least) {
    const auto count = get<std::uint64_t>();
    ensure(count <= rest_.size() / least, "a message between ranks is damaged: {} elements in {} bytes", count,
           rest_.size());
    return static_cast<std::size_t>(count);
  }
  void expect_end() const {
    ensure(rest_.empty(), "a message between ranks is damaged: {} bytes too many", rest_.size());
  }

 private:
  std::string_view next(std::size_t size) {
    ensure(size <= rest_.size(), "a message between ranks is damaged: {} bytes where {} are wanted", rest_.size(),
           size);
    const std::string_view found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return found;
  }

  std::string_view rest_;
};

}  // namespace prelude
