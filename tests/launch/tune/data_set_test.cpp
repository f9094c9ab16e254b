#include "launch/tune/data_set.h"

#include <gtest/gtest.h>

#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::TemporaryFolder;
using test::write_file;

class DataSetTest : public testing::Test {
 protected:
  // Lines of these texts, whose labels take turns.
  void file(const std::string& name, const std::vector<std::string>& texts) {
    std::string lines;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      lines += "{\"text\": \"" + texts[i] + "\", \"label\": " + std::to_string(i % 2) + "}\n";
    }
    write_file(folder_ / name, lines);
  }
  std::vector<std::string> notes(const std::string& dev = "") const {
    TaskRow row;
    row.name = "films";
    row.train = "train.jsonl";
    row.dev = dev;
    row.test = "test.jsonl";
    row.fields = {"text"};
    row.label_field = "label";
    row.labels = {"0 -> bad", "1 -> good"};
    row.pt = "{text}<X>";
    return DataSet(checked(row), folder_.path()).notes();
  }
  TemporaryFolder folder_;
};

TEST_F(DataSetTest, ExamplesInTwoFilesAreTold) {
  file("train.jsonl", {"a", "b", "c", "d"});
  file("test.jsonl", {"e", "f"});
  file("dev.jsonl", {"g", "h", "i"});
  EXPECT_TRUE(notes("dev.jsonl").empty());
  file("test.jsonl", {"x", "b", "c", "g"});  // with other labels, too
  EXPECT_EQ(
      notes("dev.jsonl"),
      (std::vector<std::string>{"warning: data set films: 2 of the 4 examples of test.jsonl stand in train.jsonl, too",
                                "warning: data set films: 1 of the 4 examples of test.jsonl stand in dev.jsonl, too"}));
  file("test.jsonl", {"a", "b", "c", "d"});
  EXPECT_EQ(notes(), (std::vector<std::string>{
                         "warning: data set films: 4 of the 4 examples of test.jsonl stand in train.jsonl, too"}));
}

TEST_F(DataSetTest, FieldsWithoutTextAreTold) {
  file("train.jsonl", {"a", "", "c", "d"});
  file("test.jsonl", {"e", "f"});
  ASSERT_EQ(notes().size(), 1U);
  EXPECT_NE(notes()[0].find("1 of 4 examples have no text in the field 'text'"), std::string::npos);
}

TEST_F(DataSetTest, ADevSplitOfSeveralFilesIsFound) {
  file("train.jsonl", {"a", "b", "c", "d"});
  file("test.jsonl", {"e", "f"});
  file("dev_1.jsonl", {"a", "h"});
  file("dev_2.jsonl", {"i", "j"});
  ASSERT_EQ(notes("dev_1.jsonl, dev_2.jsonl").size(), 1U);
  EXPECT_NE(notes("dev_1.jsonl, dev_2.jsonl")[0].find("1 of the 4 examples of dev_1.jsonl, dev_2.jsonl stand in"),
            std::string::npos);
}

}  // namespace
}  // namespace prelude
