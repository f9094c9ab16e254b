// What h5*.cpp share: owned HDF5 identifiers and the one checker of HDF5's calls.
#pragma once

#include <hdf5.h>

#include <string>
#include <utility>

#include "core/io/h5.h"

namespace prelude::h5 {

class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle(hid_t id, Close close) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(other.release()), close_(other.close_) {}
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  hid_t get() const { return id_; }
  hid_t release() { return std::exchange(id_, -1); }
  // Of what was written: HDF5 writes small arrays when they are closed. Throws as check() does.
  void close_written(const char* action, const std::string& name, const std::string& path);

 private:
  hid_t id_;
  Close close_;
};

// How files are opened and made: formats, alignment, no locks.
Handle access_list();

// Throws UserError "cannot ACTION 'NAME' in 'PATH': HDF5's text" with the innermost entry of HDF5's error stack.
[[noreturn]] void fail_h5(const char* action, const std::string& name, const std::string& path);
void check(herr_t status, const char* action, const std::string& name, const std::string& path);
Handle checked(hid_t id, Handle::Close close, const char* action, const std::string& name, const std::string& path);

// The stored type (little-endian) of `type`; owned by HDF5.
hid_t stored_type(Type type);

}  // namespace prelude::h5
