#pragma once

#include <string>

namespace prelude {

// From now on, while no StopSignal lives, SIGTERM, SIGINT and SIGUSR1 end the process with one line on standard error
// and exit code 3, instead of killing it. main calls it first.
void exit_on_signals();

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
