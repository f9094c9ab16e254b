#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace prelude {

// What `path` is: an object of facts, the field "kind" first: backbone, corpus, corpus shard, prompt, run, tune run,
// experiment, checkpoint, backbone checkpoint or safetensors.
// Notes that the user should know stand in the array "notes". With `read_all` every byte is read (hashes, checksums,
// numbers that are not finite), else what a header says. Tensors that hold numbers that are not finite stand in the
// array "not_finite", a line each. Throws UserError naming the file and the defect where it is damaged or of no known
// kind.
nlohmann::ordered_json describe(const std::string& path, bool read_all);

}  // namespace prelude
