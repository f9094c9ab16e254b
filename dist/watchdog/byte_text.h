// Numbers and short texts in a string of bytes, little-endian. Reading past the end gives zeros and is remembered.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace prelude {

static_assert(std::endian::native == std::endian::little, "the watchdog's messages are little-endian");

class ByteWriter {
 public:
  template <typename T>
  void number(T value) {
    static_assert(std::is_integral_v<T> || std::is_enum_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void raw(std::string_view bytes) { bytes_ += bytes; }
  // At most 65,535 bytes.
  void text(std::string_view text) {
    number(static_cast<std::uint16_t>(text.size()));
    raw(text);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what a ByteWriter wrote; the bytes outlive it.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T number() {
    static_assert(std::is_integral_v<T> || std::is_enum_v<T>);
    T value{};
    const std::string_view bytes = raw(sizeof(value));
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof(value));
    return value;
  }
  // Empty where fewer bytes are left.
  std::string_view raw(std::size_t size) {
    if (size > rest_.size()) {
      short_ = true;
      rest_ = {};
      return rest_;
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view text() { return raw(number<std::uint16_t>()); }
  // Everything that was asked for was there, and nothing else.
  bool whole() const { return !short_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool short_ = false;
};

}  // namespace prelude
