#include "core/io/h5_handle.h"

#include <algorithm>

#include "core/error.h"

namespace prelude::h5 {
namespace {

// Walked from the outermost call inwards: the last entry is the cause.
herr_t keep_innermost(unsigned, const H5E_error2_t* entry, void* text) {
  if (entry->desc != nullptr) *static_cast<std::string*>(text) = entry->desc;
  return 0;
}

}  // namespace

void fail_h5(const char* action, const std::string& name, const std::string& path) {
  std::string text = "HDF5 gave no reason";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_innermost, &text);
  H5Eclear2(H5E_DEFAULT);
  std::replace(text.begin(), text.end(), '\n', ' ');
  if (name.empty()) fail("cannot {} '{}': {}", action, path, text);
  fail("cannot {} '{}' in '{}': {}", action, name, path, text);
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
    case Type::uint64:
      return H5T_STD_U64LE;
    case Type::float32:
      return H5T_IEEE_F32LE;
    case Type::float64:
      return H5T_IEEE_F64LE;
  }
  ensure(false, "no HDF5 type for {}", static_cast<int>(type));
  return -1;
}

}  // namespace prelude::h5
