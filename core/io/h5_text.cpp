// Strings and attributes: all of fixed length, because HDF5's variable ones live in a heap that a damaged file can
// point anywhere.
#include <algorithm>
#include <cstddef>
#include <filesystem>

#include "core/error.h"
#include "core/io/h5.h"
#include "core/io/h5_handle.h"

namespace prelude::h5 {
namespace {

constexpr std::size_t kMostAttributeBytes = 60000;

// The bytes of one element of a stored fixed-length string type.
std::size_t string_bytes(hid_t stored, const std::string& name, const std::string& path) {
  require(H5Tget_class(stored) == H5T_STRING && H5Tis_variable_str(stored) == 0,
          "'{}' in '{}' is no text of fixed length; the file was not made by prelude or is damaged", name, path);
  return H5Tget_size(stored);
}

std::string without_padding(const char* text, std::size_t bytes) {
  std::string value(text, bytes);
  value.resize(value.find_last_not_of('\0') + 1);
  return value;
}

}  // namespace

std::vector<std::string> File::read_strings(const std::string& name) const {
  require(has(name), "'{}' has no dataset '{}'", path_, name);
  const Handle dataset = checked(H5Dopen2(id_, name.c_str(), H5P_DEFAULT), H5Dclose, "open", name, path_);
  const Handle stored = checked(H5Dget_type(dataset.get()), H5Tclose, "read the type of", name, path_);
  const Handle space = checked(H5Dget_space(dataset.get()), H5Sclose, "read the shape of", name, path_);
  const std::size_t bytes = string_bytes(stored.get(), name, path_);
  require(H5Sget_simple_extent_ndims(space.get()) == 1, "'{}' in '{}' is no list; the file is damaged", name, path_);
  hsize_t count = 0;
  check(H5Sget_simple_extent_dims(space.get(), &count, nullptr), "read the shape of", name, path_);
  const std::uintmax_t most = std::filesystem::file_size(path_) / std::max<std::size_t>(bytes, 1);
  require(count <= most, "'{}' in '{}' claims more text than the file holds", name, path_);

  std::vector<std::string> values;
  if (count == 0) return values;
  std::vector<char> packed(bytes * count);
  check(H5Dread(dataset.get(), stored.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, packed.data()), "read", name, path_);
  for (std::size_t i = 0; i < count; ++i) values.push_back(without_padding(packed.data() + i * bytes, bytes));
  return values;
}

std::string File::read_text(const std::string& name) const {
  const std::vector<std::string> values = read_strings(name);
  require(values.size() == 1, "'{}' in '{}' holds {} texts; 1 is wanted", name, path_, values.size());
  return values[0];
}

bool File::has_attribute(const std::string& name) const { return H5Aexists(id_, name.c_str()) > 0; }

std::int64_t File::open_attribute(const std::string& name) const {
  require(has_attribute(name), "'{}' has no attribute '{}'", path_, name);
  Handle attribute = checked(H5Aopen(id_, name.c_str(), H5P_DEFAULT), H5Aclose, "open the attribute", name, path_);
  const Handle space = checked(H5Aget_space(attribute.get()), H5Sclose, "read the attribute", name, path_);
  require(H5Sget_simple_extent_npoints(space.get()) == 1, "the attribute '{}' in '{}' is no single value", name, path_);
  return attribute.release();
}

std::string File::string_attribute(const std::string& name) const {
  const Handle attribute(open_attribute(name), H5Aclose);
  const Handle stored = checked(H5Aget_type(attribute.get()), H5Tclose, "read the attribute", name, path_);
  const std::size_t bytes = string_bytes(stored.get(), name, path_);
  require(bytes <= kMostAttributeBytes, "the attribute '{}' in '{}' claims {} bytes", name, path_, bytes);
  std::vector<char> value(bytes);
  check(H5Aread(attribute.get(), stored.get(), value.data()), "read the attribute", name, path_);
  return without_padding(value.data(), bytes);
}

std::int64_t File::integer_attribute(const std::string& name) const {
  const Handle attribute(open_attribute(name), H5Aclose);
  const Handle stored = checked(H5Aget_type(attribute.get()), H5Tclose, "read the attribute", name, path_);
  require(H5Tequal(stored.get(), stored_type(Type::int64)) > 0, "the attribute '{}' in '{}' is no int64", name, path_);
  std::int64_t value = 0;
  check(H5Aread(attribute.get(), stored.get(), &value), "read the attribute", name, path_);
  return value;
}

}  // namespace prelude::h5
