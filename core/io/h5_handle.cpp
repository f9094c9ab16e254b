#include "core/io/h5_handle.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/error.h"
#include "core/io/posix.h"

#ifdef __SANITIZE_ADDRESS__
// HDF5's own tables stay until the process ends, because File asks for no clean-up at exit.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libhdf5\n"; }
#endif

namespace prelude::h5 {
namespace {

constexpr hsize_t kAlignment = 64;  // of datasets in the file, so that mapped arrays are aligned for any element

// Walked from the outermost call inwards: the last entry is the cause.
herr_t keep_innermost(unsigned, const H5E_error2_t* entry, void* text) {
  if (entry->desc != nullptr) *static_cast<std::string*>(text) = entry->desc;
  return 0;
}

// HDF5 tells of a failed read or write in one long line: "file write failed: time = ..., errno = 28, error message =
// ...". Of that, what failed and the system's reason.
std::string with_system_reason(const std::string& text) {
  const std::string mark = "errno = ";
  const std::size_t at = text.find(mark);
  int error_number = 0;
  if (at == std::string::npos) return text;
  std::from_chars(text.data() + at + mark.size(), text.data() + text.size(), error_number);
  return fmt::format("{}: {}{}", text.substr(0, text.find(':')), std::strerror(error_number), hint_for(error_number));
}

}  // namespace

Handle access_list() {
  H5dont_atexit();  // its clean-up at exit crashes after a write that failed; every file here is closed by its owner
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // a setting of the thread: hence at each file
  Handle list(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  ensure(list.get() >= 0, "HDF5 cannot make a property list");
  H5Pset_alignment(list.get(), 1, kAlignment);  // whatever the size
  H5Pset_small_data_block_size(list.get(), 0);  // small arrays are not packed together
  // 1.8's format: checksums on all metadata, and no "open for writing" mark that a killed writer would leave.
  H5Pset_libver_bounds(list.get(), H5F_LIBVER_V18, H5F_LIBVER_LATEST);
  // Files are sealed by renaming; HDF5's own lock only fails on network file systems.
  H5Pset_file_locking(list.get(), false, true);
  return list;
}

void fail_h5(const char* action, const std::string& name, const std::string& path) {
  std::string text = "HDF5 gave no reason";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_innermost, &text);
  H5Eclear2(H5E_DEFAULT);
  std::replace(text.begin(), text.end(), '\n', ' ');
  text = with_system_reason(text);
  if (name.empty()) fail("cannot {} '{}': {}", action, path, text);
  fail("cannot {} '{}' in '{}': {}", action, name, path, text);
}

void Handle::close_written(const char* action, const std::string& name, const std::string& path) {
  check(close_(release()), action, name, path);
}

void check(herr_t status, const char* action, const std::string& name, const std::string& path) {
  if (status < 0) fail_h5(action, name, path);
}

Handle checked(hid_t id, Handle::Close close, const char* action, const std::string& name, const std::string& path) {
  if (id < 0) fail_h5(action, name, path);
  return {id, close};
}

hid_t stored_type(Type type) {
  switch (type) {
    case Type::int8:
      return H5T_STD_I8LE;
    case Type::uint8:
      return H5T_STD_U8LE;
    case Type::uint16:
      return H5T_STD_U16LE;
    case Type::int32:
      return H5T_STD_I32LE;
    case Type::uint32:
      return H5T_STD_U32LE;
    case Type::int64:
      return H5T_STD_I64LE;
    case Type::float32:
      return H5T_IEEE_F32LE;
    case Type::float64:
      return H5T_IEEE_F64LE;
  }
  ensure(false, "no HDF5 type for {}", static_cast<int>(type));
  return -1;
}

}  // namespace prelude::h5
