// A layer over the calls that write files: it counts those on files below one folder and lets one of them fail. Linked
// into a test program it acts in that process; as a library of its own (LD_PRELOAD) it acts in any, told by
// environment variables:
//   IO_FAULTS_FOLDER  the folder, absolute
//   IO_FAULTS_LOG     a file outside of it that a line for each call goes to: "CALL PATH", "!CALL PATH" where it failed
//   IO_FAULTS_CALL, IO_FAULTS_PATH, IO_FAULTS_TURN  fail the TURN-th (from 1) of these; nothing fails without
//   IO_FAULTS_ERROR   EIO, ENOSPC, EDQUOT; short: half of the bytes are written, and said to be; lost: nothing is
//                     written, and the call says that all was
//   IO_FAULTS_STAYS   set: and all later calls below the folder too
//   IO_FAULTS_RANK    acts in this rank of Open MPI alone
// Paths are relative to the folder, and "." is the folder; what follows "events.out.tfevents" is left out.
#pragma once

#include <string>
#include <vector>

namespace prelude::test {

struct IoCall {
  std::string name;  // "pwrite"
  std::string path;  // "checkpoints/.step-00000004.h5.prelude-new"
  bool operator==(const IoCall&) const = default;
  auto operator<=>(const IoCall&) const = default;
};

struct IoFault {
  IoCall call;
  int turn = 1;       // which of these calls, from 1; 0: none fails
  std::string error;  // EIO, ENOSPC, EDQUOT, short, lost
  bool stays = false;
};

// In this process: from here on calls below `folder` are written to the file `log`, and `fault` happens.
void start_io_faults(const std::string& folder, const std::string& log, const IoFault& fault);
void stop_io_faults();

// The calls that a log tells of; `failed`: those alone that were made to fail.
std::vector<IoCall> read_io_log(const std::string& log, bool failed = false);

}  // namespace prelude::test
