// Words between ranks, on a group of CPU tensors.
#pragma once

#include <string>
#include <vector>

#include "dist/communicator.h"

namespace prelude {

// Rank `root`'s text, on every rank.
std::string broadcast_text(Communicator& group, const std::string& text, int root = 0);
// Every rank's text, on every rank, in the order of ranks.
std::vector<std::string> gather_texts(Communicator& group, const std::string& text);

}  // namespace prelude
