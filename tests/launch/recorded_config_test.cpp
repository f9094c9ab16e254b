#include "launch/recorded_config.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::message_of;
using test::TemporaryFolder;
using test::write_file;

struct Fields {
  std::string corpus = "a#b";
  std::int64_t steps = 100;
  double rate = 0.3;
  std::vector<std::string> words{"yes", "no"};
};

OptionTable table_of(Fields& fields) {
  OptionTable table("pretrain", "");
  table.add("corpus", fields.corpus, "DIR", "");
  table.add("steps", fields.steps, "N", "");
  table.add("rate", fields.rate, "R", "");
  table.add("words", fields.words, "WORD", "");
  return table;
}

class RecordedConfig : public testing::Test {
 protected:
  std::string complaint(const std::string& text) {
    write_file(path_, text);
    read_ = Fields();
    OptionTable table = table_of(read_);
    return message_of([&] { read_recorded_config(path_, "run", table); });
  }

  TemporaryFolder folder_;
  std::string path_ = folder_ / "config.ini";
  Fields read_;
};

TEST_F(RecordedConfig, ReadsBack) {
  Fields fields;
  fields.steps = 7;
  const std::string config = table_of(fields).config_text();
  EXPECT_EQ(complaint(recorded_config(config)), "nothing thrown");
  EXPECT_EQ(table_of(read_).config_text(), config);
  EXPECT_EQ(complaint(config), "nothing thrown") << "of a program without checksums";
  // An edited copy is a config file like any other.
  std::string edited = recorded_config(config);
  edited.replace(edited.find("steps = 7"), 9, "steps = 8");
  write_file(path_, edited);
  table_of(read_).parse_config(path_);
  EXPECT_EQ(read_.steps, 8);
}

TEST_F(RecordedConfig, RefusesWhatIsNotItsRun) {
  Fields fields;
  const std::string text = recorded_config(table_of(fields).config_text());
  std::string other = text;
  EXPECT_EQ(complaint(other.replace(2, 16, "prelude lm")),
            "--output: 'run' holds a run of `prelude lm`; choose another folder");
  EXPECT_EQ(complaint("steps = 3\n"),
            "'" + path_ + "' is not as the program wrote it: its first line is 'steps = 3'; put it back");
  EXPECT_EQ(complaint(""), "'" + path_ + "' is empty; put it back, or choose another --output");
}

TEST_F(RecordedConfig, KeepsNoNameThatIsNoUtf8) {
  Fields fields;
  fields.corpus = "caf\xE9";
  EXPECT_EQ(message_of([&] { recorded_config(table_of(fields).config_text()); }),
            "'corpus = caf\\xe9' is no UTF-8 and cannot be kept in config.ini; rename the file or folder");
}

// Every change of a byte, every cut and every repeated line is noticed.
TEST_F(RecordedConfig, NoticesEveryChange) {
  Fields fields;
  const std::string text = recorded_config(table_of(fields).config_text());
  std::mt19937 random(5);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ (1 << random() % 8));
    EXPECT_NE(complaint(changed), "nothing thrown") << i << "\n" << changed;
    EXPECT_NE(complaint(text.substr(0, i)), "nothing thrown") << "cut at " << i;
  }
  for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
    const std::string line = text.substr(begin, text.find('\n', begin) + 1 - begin);
    EXPECT_NE(complaint(text.substr(0, begin) + line + text.substr(begin)), "nothing thrown") << line;
    EXPECT_NE(complaint(text.substr(0, begin) + text.substr(begin + line.size())), "nothing thrown") << line;
  }
}

}  // namespace
}  // namespace prelude
