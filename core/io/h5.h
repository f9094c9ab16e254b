// HDF5 files of plain arrays: every dataset contiguous and unfiltered, so that a reader may ask for its place in the
// file and map it. Errors are UserErrors that carry the file, the dataset and HDF5's own text; HDF5 prints nothing
// itself. h5_writer.h makes them: the same calls write the same bytes, without time stamps. Files may be read by any
// HDF5 tool.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace prelude::h5 {

enum class Type { int8, uint8, uint16, int32, uint32, int64, float32, float64 };

std::int64_t bytes_of(Type type);
const char* name_of(Type type);

template <typename T>
constexpr Type type_of();
template <>
constexpr Type type_of<std::int8_t>() {
  return Type::int8;
}
template <>
constexpr Type type_of<std::uint8_t>() {
  return Type::uint8;
}
template <>
constexpr Type type_of<std::uint16_t>() {
  return Type::uint16;
}
template <>
constexpr Type type_of<std::int32_t>() {
  return Type::int32;
}
template <>
constexpr Type type_of<std::uint32_t>() {
  return Type::uint32;
}
template <>
constexpr Type type_of<std::int64_t>() {
  return Type::int64;
}
template <>
constexpr Type type_of<float>() {
  return Type::float32;
}
template <>
constexpr Type type_of<double>() {
  return Type::float64;
}

// What a dataset is, checked against the size of the file: bytes() never claims more than the file holds.
struct Dataset {
  Type type = Type::uint8;
  std::vector<std::int64_t> shape;
  std::int64_t count = 0;   // product of the shape
  std::int64_t offset = 0;  // of the first byte, from the start of the file; 0 where count is 0
  std::int64_t bytes() const { return count * bytes_of(type); }
};

// A file to read. What is asked for must be there and of the type that is asked for.
class File {
 public:
  static File open(const std::string& path);
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  bool has(const std::string& name) const;
  bool has_attribute(const std::string& name) const;
  Dataset describe(const std::string& name) const;
  // `data` has room for describe(name).bytes(); the stored type must be `type`.
  void read(const std::string& name, Type type, void* data) const;
  template <typename T>
  std::vector<T> read(const std::string& name) const {
    std::vector<T> values(static_cast<std::size_t>(describe(name).count));
    read(name, type_of<T>(), values.data());
    return values;
  }
  std::vector<std::string> read_strings(const std::string& name) const;
  std::string read_text(const std::string& name) const;
  std::string string_attribute(const std::string& name) const;
  std::int64_t integer_attribute(const std::string& name) const;

  const std::string& path() const { return path_; }

 private:
  File(std::string path, std::int64_t id);
  std::int64_t open_attribute(const std::string& name) const;

  std::string path_;
  std::int64_t id_ = -1;  // HDF5's hid_t
};

}  // namespace prelude::h5
