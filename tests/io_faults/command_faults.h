// Whole commands whose writes fail, one at a time.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace prelude::test {

struct WritingCommand {
  std::vector<std::string> arguments;
  std::string folder;  // all that it writes is below
  // Run again after a failure it ends as if nothing had been; false: it may also refuse, in a line that names the
  // folder.
  bool resumes = false;
  bool into_a_folder_that_is_there = false;
  int ranks = 1;
};

// Makes calls of the command fail (EIO, ENOSPC, EDQUOT, short): one for each kind of file (of several ranks: of those
// but the first), or, where the environment variable PRELUDE_IO_FAULTS is `all`, every call with every error. Each time
// it must end with exit code 0 and the right files; or with another, a line that names a file below the folder, and no
// temporary file left. Afterwards the same command must do what `resumes` says.
void expect_faults_noticed(const WritingCommand& command);

}  // namespace prelude::test
