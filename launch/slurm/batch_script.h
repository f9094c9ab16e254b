// launch/slurm/pretrain.sbatch as it was when the program was built, and what fills its head and its parameters in.
#pragma once

#include <string>
#include <vector>

namespace prelude {

class BatchScript {
 public:
  BatchScript();

  // `#SBATCH --name=value`, in the place of the one that is there, or after the last.
  void set_directive(const std::string& name, const std::string& value);
  // What the parameter is where the environment of sbatch does not have it.
  void set_parameter(const std::string& name, const std::string& value);

  std::string text() const;

 private:
  std::vector<std::string> lines_;
};

// The word as a POSIX shell reads it back; as it is where that needs no quotes.
std::string shell_quoted(const std::string& word);

}  // namespace prelude
