// Words between ranks, on a group of CPU tensors.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dist/communicator.h"

namespace prelude {

// Rank `root`'s text, on every rank.
std::string broadcast_text(Communicator& group, const std::string& text, int root = 0);
// Every rank's text, on every rank, in the order of ranks.
std::vector<std::string> gather_texts(Communicator& group, const std::string& text);

// After work in which the ranks wait for one another and may fail: the error of the first rank that has one, on every
// rank; empty: none has. `error` is this rank's, or empty. A rank that failed waits `patience` seconds for the others:
// nothing comes back where it failed alone, and they wait for it in the work. Then only the end of the job reaches
// them.
std::optional<std::string> agreed_error(Communicator& group, const std::string& error, double patience);

}  // namespace prelude
