#include "core/io/h5_writer.h"

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "core/io/checksum.h"
#include "core/io/h5_handle.h"

namespace prelude::h5 {
namespace {

constexpr std::size_t kMostAttributeBytes = 60000;

Handle create_file(const std::string& temporary, const std::string& path) {
  const Handle access = access_list();
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);  // also where closing a part of it has failed
  const Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  H5Pset_obj_track_times(creation.get(), false);
  return checked(H5Fcreate(temporary.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), H5Fclose, "write", "",
                 path);
}

// The groups on the way to `name`. HDF5 would make them by itself, and put the time into them.
void make_groups(hid_t file, const std::string& name, const std::string& path) {
  const Handle creation(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
  H5Pset_obj_track_times(creation.get(), false);
  for (std::size_t end = name.find('/', 1); end != std::string::npos; end = name.find('/', end + 1)) {
    const std::string group = name.substr(0, end);
    if (H5Lexists(file, group.c_str(), H5P_DEFAULT) > 0) continue;
    checked(H5Gcreate2(file, group.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT), H5Gclose, "create", group, path)
        .close_written("write", group, path);
  }
}

// In one piece of the file, without times.
Handle create_dataset(hid_t file, const std::string& name, hid_t type, const std::vector<hsize_t>& sizes,
                      const std::string& path) {
  const Handle space = checked(H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr), H5Sclose,
                               "describe", name, path);
  make_groups(file, name, path);
  const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_obj_track_times(creation.get(), false);
  H5Pset_layout(creation.get(), H5D_CONTIGUOUS);
  if (H5Tget_class(type) != H5T_STRING) H5Pset_fill_time(creation.get(), H5D_FILL_TIME_NEVER);
  return checked(H5Dcreate2(file, name.c_str(), type, space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT), H5Dclose,
                 "create", name, path);
}

Handle string_type(std::size_t bytes) {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.get(), std::max<std::size_t>(bytes, 1));
  H5Tset_strpad(type.get(), H5T_STR_NULLPAD);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  return type;
}

// HDF5's last write takes the mark "is being written" out of the superblock: the twelfth byte of the file.
constexpr std::int64_t kMarkAt = 11;

// Where an array lies in the file.
struct Extent {
  std::int64_t begin;
  std::int64_t end;
  std::size_t array;
  Xxh3 found;
};

// The checksum of a whole file, and those of its extents (in order), in one reading.
std::string read_whole(const std::string& path, std::vector<Extent>& extents) {
  Xxh3 whole;
  std::int64_t at = 0;
  bool marked = false;
  auto first = extents.begin();
  for_each_piece(path, [&](const void* data, std::size_t size) {
    whole.update(data, size);
    if (at == 0) marked = size <= kMarkAt || static_cast<const char*>(data)[kMarkAt] != 0;
    const std::int64_t next = at + static_cast<std::int64_t>(size);
    while (first != extents.end() && first->end <= at) ++first;
    for (auto extent = first; extent != extents.end() && extent->begin < next; ++extent) {
      const std::int64_t begin = std::max(extent->begin, at);
      const std::int64_t end = std::min(extent->end, next);
      if (begin < end)
        extent->found.update(static_cast<const char*>(data) + (begin - at), static_cast<std::size_t>(end - begin));
    }
    at = next;
  });
  require(!marked, "HDF5's last write is not in the file");
  return whole.hex();
}

}  // namespace

Writer::Writer(const std::string& path)
    : path_(path), file_(path), id_(create_file(file_.temporary(), path).release()) {}

Writer::~Writer() {
  if (id_ >= 0) H5Fclose(id_);
}

void Writer::write(const std::string& name, Type type, const std::vector<std::int64_t>& shape, const void* data) {
  std::size_t count = 1;
  for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
  arrays_.push_back({name, type, shape, xxh3_128(data, count * static_cast<std::size_t>(bytes_of(type)))});
  Handle dataset = create_dataset(id_, name, stored_type(type), {shape.begin(), shape.end()}, path_);
  if (count > 0) {
    check(H5Dwrite(dataset.get(), stored_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, data), "write", name, path_);
  }
  dataset.close_written("write", name, path_);
}

void Writer::write_strings(const std::string& name, const std::vector<std::string>& values) {
  std::size_t longest = 1;
  for (const std::string& value : values) longest = std::max(longest, value.size());
  std::string packed(longest * values.size(), '\0');
  for (std::size_t i = 0; i < values.size(); ++i)
    std::copy(values[i].begin(), values[i].end(), packed.begin() + static_cast<std::ptrdiff_t>(i * longest));
  texts_.emplace_back(name, values);
  const Handle type = string_type(longest);
  Handle dataset = create_dataset(id_, name, type.get(), {values.size()}, path_);
  if (!values.empty()) {
    check(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, packed.data()), "write", name, path_);
  }
  dataset.close_written("write", name, path_);
}

void Writer::write_attribute(const std::string& name, std::int64_t file_type, const void* value) {
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  Handle attribute = checked(H5Acreate2(id_, name.c_str(), file_type, space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                             "create the attribute", name, path_);
  check(H5Awrite(attribute.get(), file_type, value), "write the attribute", name, path_);
  attribute.close_written("write the attribute", name, path_);
}

void Writer::write_attribute(const std::string& name, const std::string& value) {
  ensure(value.size() <= kMostAttributeBytes, "the attribute '{}' has {} bytes; at most {} fit, use write_text", name,
         value.size(), kMostAttributeBytes);
  text_attributes_.emplace_back(name, value);
  const Handle type = string_type(value.size());
  const std::string bytes = value.empty() ? std::string(1, '\0') : value;
  write_attribute(name, type.get(), bytes.data());
}

void Writer::write_attribute(const std::string& name, std::int64_t value) {
  integer_attributes_.emplace_back(name, value);
  write_attribute(name, stored_type(Type::int64), &value);
}

void Writer::close() {
  check(H5Fflush(id_, H5F_SCOPE_LOCAL), "write", "", path_);
  check(H5Fclose(std::exchange(id_, -1)), "write", "", path_);
}

void Writer::compare(const File& file) const {
  const auto same = [&](bool holds, const std::string& name) {
    require(holds, "the disk gave back another '{}' than was written", name);
  };
  for (const auto& [name, values] : texts_) same(file.read_strings(name) == values, name);
  for (const auto& [name, value] : text_attributes_) same(file.string_attribute(name) == value, name);
  for (const auto& [name, value] : integer_attributes_) same(file.integer_attribute(name) == value, name);
}

Writer::Contents Writer::finish() {
  close();
  Contents contents;
  try {
    std::vector<Extent> extents;
    {
      const File file = File::open(file_.temporary());
      compare(file);
      for (std::size_t i = 0; i < arrays_.size(); ++i) {
        const Dataset found = file.describe(arrays_[i].name);
        require(found.type == arrays_[i].type && found.shape == arrays_[i].shape, "'{}' came back in another shape",
                arrays_[i].name);
        extents.push_back({found.offset, found.offset + found.bytes(), i, {}});
      }
    }
    std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) { return a.begin < b.begin; });
    contents.xxh3_128 = read_whole(file_.temporary(), extents);
    for (const Extent& extent : extents) {
      const Array& array = arrays_[extent.array];
      require(extent.found.hex() == array.xxh3_128, "the disk gave back other bytes of '{}' than were written",
              array.name);
    }
  } catch (const UserError& error) {
    fail("cannot write '{}': {}", path_, error.what());
  }
  contents.bytes = static_cast<std::int64_t>(std::filesystem::file_size(file_.temporary()));
  return contents;
}

void Writer::commit(std::string_view trailer) {
  ensure(id_ < 0, "'{}' is committed before it was compared", path_);
  file_.write(trailer);
  file_.commit();
}

}  // namespace prelude::h5
