// HDF5 files that are whole or not there, and end with a checksum of all their bytes.
#pragma once

#include <functional>
#include <string>

#include "core/io/h5.h"

namespace prelude {

// Writes `path` atomically (temporary file, fsync, rename, fsync of the folder) with what `fill` writes. Throws
// UserError with the path and the system's reason; the file that was there before is then still there.
void write_sealed_h5(const std::string& path, const std::function<void(h5::File&)>& fill);

// Throws UserError naming the file where it has no checksum, is cut or was changed.
void verify_seal(const std::string& path);

}  // namespace prelude
