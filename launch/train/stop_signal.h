#pragma once

#include <string>

namespace prelude {

// While one lives, SIGTERM, SIGINT and SIGUSR1 ask for a stop at the next step boundary instead of ending the process;
// a second SIGINT ends it at once (exit code 130). One at a time a process.
class StopSignal {
 public:
  StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  ~StopSignal();  // the signals mean what they meant before

  bool requested() const;
  std::string name() const;  // "SIGTERM"; empty where none came
};

}  // namespace prelude
