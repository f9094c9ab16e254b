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

Handle string_type(std::size_t bytes) {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.get(), std::max<std::size_t>(bytes, 1));
  H5Tset_strpad(type.get(), H5T_STR_NULLPAD);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  return type;
}

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

void File::write_strings(const std::string& name, const std::vector<std::string>& values) {
  std::size_t longest = 1;
  for (const std::string& value : values) longest = std::max(longest, value.size());
  std::string packed(longest * values.size(), '\0');
  for (std::size_t i = 0; i < values.size(); ++i)
    std::copy(values[i].begin(), values[i].end(), packed.begin() + static_cast<std::ptrdiff_t>(i * longest));

  const Handle type = string_type(longest);
  const hsize_t count = values.size();
  const Handle space = checked(H5Screate_simple(1, &count, nullptr), H5Sclose, "describe", name, path_);
  const Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  H5Pset_create_intermediate_group(links.get(), 1);
  const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_obj_track_times(creation.get(), false);
  const Handle dataset =
      checked(H5Dcreate2(id_, name.c_str(), type.get(), space.get(), links.get(), creation.get(), H5P_DEFAULT),
              H5Dclose, "create", name, path_);
  if (values.empty()) return;
  check(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, packed.data()), "write", name, path_);
}

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

void File::write_attribute(const std::string& name, std::int64_t file_type, const void* value) {
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle attribute = checked(H5Acreate2(id_, name.c_str(), file_type, space.get(), H5P_DEFAULT, H5P_DEFAULT),
                                   H5Aclose, "create the attribute", name, path_);
  check(H5Awrite(attribute.get(), file_type, value), "write the attribute", name, path_);
}

void File::write_attribute(const std::string& name, const std::string& value) {
  ensure(value.size() <= kMostAttributeBytes, "the attribute '{}' has {} bytes; at most {} fit, use write_text", name,
         value.size(), kMostAttributeBytes);
  const Handle type = string_type(value.size());
  const std::string bytes = value.empty() ? std::string(1, '\0') : value;
  write_attribute(name, type.get(), bytes.data());
}

void File::write_attribute(const std::string& name, std::int64_t value) {
  write_attribute(name, stored_type(Type::int64), &value);
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
