// Runs an action once for every call that it makes below a folder, with this call failing in every way.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/io_faults/io_faults.h"

namespace prelude::test {

// What is left of `action` after one of its calls was made to fail, in a process of its own.
struct FaultOutcome {
  IoFault fault;
  std::string message;  // of the UserError that it threw; empty: it ended as if nothing had been
  bool ended = true;    // false: by a signal, by an exception of another kind
};

// The calls that `action` makes below `folder` when nothing fails, in their order; it is run in a process of its own.
std::vector<IoCall> calls_of(const std::string& folder, const std::function<void()>& action);

// Fails each of them in turn: EIO, ENOSPC, EDQUOT, and where it writes bytes also short and lost. Before each,
// `prepare` brings the folder into the state before the action; after it, `check` looks at what is left.
void for_each_fault(const std::string& folder, const std::function<void()>& prepare,
                    const std::function<void()>& action, const std::function<void(const FaultOutcome&)>& check);

// As for_each_fault, with the check that every file writer owes: the action says nothing, and each file below the
// folder is as after an action without a fault (or `right` says so); or it says what failed and where, leaves no
// temporary file, and each file is as it was before or as it should be.
void expect_every_fault_noticed(const std::string& folder, const std::function<void()>& prepare,
                                const std::function<void()>& action, const std::function<bool()>& right = {});

}  // namespace prelude::test
