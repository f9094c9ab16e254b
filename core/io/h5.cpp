#include "core/io/h5.h"

#include <bit>
#include <filesystem>
#include <utility>

#include "core/error.h"
#include "core/io/h5_handle.h"
#include "core/io/posix.h"

namespace prelude::h5 {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the arrays in our files are little-endian and mapped as they are");

Type type_in_file(hid_t stored, const std::string& name, const std::string& path) {
  for (const Type type :
       {Type::int8, Type::uint8, Type::uint16, Type::int32, Type::uint32, Type::int64, Type::float32, Type::float64}) {
    if (H5Tequal(stored, stored_type(type)) > 0) return type;
  }
  fail("'{}' in '{}' has an element type that is not used here; the file was not made by prelude or is damaged", name,
       path);
}

}  // namespace

std::int64_t bytes_of(Type type) {
  switch (type) {
    case Type::int8:
    case Type::uint8:
      return 1;
    case Type::uint16:
      return 2;
    case Type::int32:
    case Type::uint32:
    case Type::float32:
      return 4;
    case Type::int64:
    case Type::float64:
      return 8;
  }
  return 0;
}

const char* name_of(Type type) {
  constexpr const char* kNames[] = {"int8", "uint8", "uint16", "int32", "uint32", "int64", "float32", "float64"};
  return kNames[static_cast<int>(type)];
}

File::File(std::string path, std::int64_t id) : path_(std::move(path)), id_(id) {}

File::File(File&& other) noexcept : path_(std::move(other.path_)), id_(std::exchange(other.id_, -1)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(id_, other.id_);
  return *this;
}

File::~File() {
  if (id_ >= 0) H5Fclose(id_);
}

File File::open(const std::string& path) {
  { open_for_reading(path); }  // the plain reasons first, in plain words
  const Handle access = access_list();
  const hid_t id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get());
  if (id < 0) fail_h5("open", "", path);
  return {path, id};
}

bool File::has(const std::string& name) const {
  // HDF5 asks for every link on the way to be tested by itself.
  for (std::size_t end = name.find('/', 1);; end = name.find('/', end + 1)) {
    if (H5Lexists(id_, name.substr(0, end).c_str(), H5P_DEFAULT) <= 0) return false;
    if (end == std::string::npos) return true;
  }
}

Dataset File::describe(const std::string& name) const {
  require(has(name), "'{}' has no dataset '{}'", path_, name);
  const Handle dataset = checked(H5Dopen2(id_, name.c_str(), H5P_DEFAULT), H5Dclose, "open", name, path_);
  const Handle stored = checked(H5Dget_type(dataset.get()), H5Tclose, "read the type of", name, path_);
  const Handle space = checked(H5Dget_space(dataset.get()), H5Sclose, "read the shape of", name, path_);
  const Handle creation = checked(H5Dget_create_plist(dataset.get()), H5Pclose, "read the layout of", name, path_);
  require(H5Pget_layout(creation.get()) == H5D_CONTIGUOUS && H5Pget_external_count(creation.get()) == 0,
          "'{}' in '{}' is not stored in one piece; the file was not made by prelude", name, path_);

  Dataset result;
  result.type = type_in_file(stored.get(), name, path_);
  const int dimensions = H5Sget_simple_extent_ndims(space.get());
  require(dimensions >= 1, "'{}' in '{}' has no dimensions; the file was not made by prelude", name, path_);
  std::vector<hsize_t> sizes(static_cast<std::size_t>(dimensions));
  check(H5Sget_simple_extent_dims(space.get(), sizes.data(), nullptr), "read the shape of", name, path_);
  const std::int64_t bytes = static_cast<std::int64_t>(std::filesystem::file_size(path_));
  const hsize_t most = static_cast<hsize_t>(bytes) / static_cast<hsize_t>(bytes_of(result.type));
  hsize_t count = 1;
  for (const hsize_t size : sizes) {
    require(size == 0 || count <= most / size, "'{}' in '{}' claims more elements than the file of {} bytes holds",
            name, path_, bytes);
    count *= size;
    result.shape.push_back(static_cast<std::int64_t>(size));
  }
  result.count = static_cast<std::int64_t>(count);
  if (count == 0) return result;
  const haddr_t offset = H5Dget_offset(dataset.get());
  require(offset != HADDR_UNDEF && offset <= static_cast<haddr_t>(bytes) &&
              static_cast<haddr_t>(result.bytes()) <= static_cast<haddr_t>(bytes) - offset,
          "'{}' in '{}' lies beyond the end of the file of {} bytes; the file is truncated or damaged", name, path_,
          bytes);
  result.offset = static_cast<std::int64_t>(offset);
  return result;
}

void File::read(const std::string& name, Type type, void* data) const {
  const Dataset found = describe(name);
  require(found.type == type, "'{}' in '{}' is of type {}; {} is wanted", name, path_, name_of(found.type),
          name_of(type));
  if (found.count == 0) return;
  const Handle dataset = checked(H5Dopen2(id_, name.c_str(), H5P_DEFAULT), H5Dclose, "open", name, path_);
  check(H5Dread(dataset.get(), stored_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, data), "read", name, path_);
}

}  // namespace prelude::h5
