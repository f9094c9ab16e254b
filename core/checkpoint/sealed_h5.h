// HDF5 files that are whole or not there, and end with a checksum of all their bytes.
#pragma once

#include <functional>
#include <string>

#include "core/io/h5_writer.h"

namespace prelude {

// Writes `path` with what `fill` writes, as h5::Writer does, and the checksum of the bytes that it compared with
// memory. Throws UserError with the path and the system's reason; the file that was there before is then still there.
void write_sealed_h5(const std::string& path, const std::function<void(h5::Writer&)>& fill);

// Throws UserError naming the file where it has no checksum, is cut or was changed.
void verify_seal(const std::string& path);

}  // namespace prelude
