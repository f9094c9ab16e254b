// Which backbone this is: a hash of its stored numbers, whatever slices or number type they are loaded in, so that a
// run goes on with the same backbone on another number of ranks.
#pragma once

#include <string>
#include <vector>

#include "core/io/safetensors.h"
#include "core/t5/config.h"

namespace prelude {

// XXH3-128 of every piece of the stored tensors that `config` (settled by load_weights) asks for, in a fixed order:
// each tensor's name, dtype and shape, then its bytes in pieces. A rank hashes the pieces i with i % parts == part, so
// that together they read a backbone once; the other places are empty.
std::vector<std::string> piece_hashes(const std::vector<SafetensorsFile>& files, const T5Config& config, int part = 0,
                                      int parts = 1);

// The identity out of all pieces: hexadecimal XXH3-128 of their hashes.
std::string identity_of(const std::vector<std::string>& pieces);

}  // namespace prelude
