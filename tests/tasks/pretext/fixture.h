// A corpus on disk made of a TestText, T5's tokenizer, and a task over them.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/text/tokenizer.h"
#include "tasks/corpus/corpus.h"
#include "tasks/pretext/make_pretext_task.h"
#include "tests/tasks/pretext/oracle.h"
#include "tests/tasks/pretext/test_text.h"
#include "tests/temporary_folder.h"

namespace prelude::test {

// T5's own, loaded once a program.
const Tokenizer& t5_tokenizer();

// Pseudo-labels, one a sentence.
struct TestLabels {
  std::vector<std::int8_t> labels;
  std::vector<float> confidences;
};

// The text as an open corpus; its folder goes with the object.
class TestCorpus {
 public:
  // `tokenizer`: the SHA-256 in the manifest; empty: that of t5_tokenizer().
  explicit TestCorpus(const TestText& text, const TestLabels& labels = {}, const std::string& tokenizer = "");
  const Corpus& corpus() const { return *corpus_; }

 private:
  TemporaryFolder folder_;
  std::optional<Corpus> corpus_;
};

// A text, its corpus and a task over it, with the settings that the oracles need.
class TaskBench {
 public:
  TaskBench(const std::string& task, TestText text, const PretextOptions& options = {}, const TestLabels& labels = {});

  const TestText& text() const { return text_; }
  const PretextTask& task() const { return *task_; }
  // The first held-out document, by the definition: the last floor(fraction * documents), at least one.
  std::int64_t cut() const { return cut_; }
  Setting training() const { return {text_, 0, cut_, room_}; }
  Setting validation() const { return {text_, cut_, text_.size(), room_}; }

 private:
  TestText text_;
  TestCorpus corpus_;
  std::unique_ptr<PretextTask> task_;
  std::int64_t cut_;
  std::int64_t room_;
};

// The UserError that `act` throws; fails the test where it throws none.
template <typename Act>
std::string user_error(Act act) {
  try {
    act();
  } catch (const UserError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no UserError was thrown";
  return "";
}

}  // namespace prelude::test
