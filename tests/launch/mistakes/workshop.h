// What the tables of user mistakes work with: a temporary folder with a small backbone, a corpus and a prompt that are
// all right, and ways to spoil copies of them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/launch/program.h"
#include "tests/temporary_folder.h"

namespace prelude::test {

class Workshop {
 public:
  std::string path(const std::string& name) const { return root_ / name; }
  static std::string tokenizer() { return PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model"; }

  // Each is made by the program itself the first time that it is asked for.
  std::string backbone();  // tiny shape
  std::string text();      // 40 documents of 12 sentences, .jsonl
  std::string corpus();
  std::string prompt();  // 4 rows, as wide as the backbone

  // Each returns the path of what it made in the folder.
  std::string file(const std::string& name, const std::string& content) const;
  std::string folder(const std::string& name) const;  // empty
  std::string copy(const std::string& from, const std::string& name) const;
  // A copy whose `member` (a JSON file) has another value in one field.
  std::string with_field(const std::string& from, const std::string& name, const std::string& member,
                         const std::string& field, const nlohmann::json& value) const;
  // A copy whose `member` is cut to this share of its bytes, or has one bit in its middle changed.
  std::string with_cut(const std::string& from, const std::string& name, const std::string& member, double share) const;
  std::string with_flip(const std::string& from, const std::string& name, const std::string& member) const;
  std::string without(const std::string& from, const std::string& name, const std::string& member) const;

  // `prelude pretrain` of a few cheap steps into path(run), and more options.
  std::vector<std::string> pretrain(const std::string& run, const std::vector<std::string>& more = {});

 private:
  void must(const std::vector<std::string>& arguments) const;

  TemporaryFolder root_;
};

struct Mistake {
  std::string name;
  std::vector<std::string> arguments;
  std::vector<std::string> said;  // parts of the one line on standard error: what, where, how to mend it
  long long largest_file = -1;    // bytes; a longer write fails with EFBIG as on a full disk. -1: no limit
};

// Runs each mistake: exit code 2, nothing on standard output, and one line on standard error that says all of `said`.
void expect_mistakes(const std::vector<Mistake>& table);

}  // namespace prelude::test
