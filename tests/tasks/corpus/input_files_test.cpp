#include "tasks/corpus/input_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/core/io/compress.h"
#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

namespace fs = std::filesystem;

class InputFilesTest : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& content = "text\n") {
    fs::create_directories(fs::path(folder_ / name).parent_path());
    write_file(folder_ / name, content);
    return folder_ / name;
  }
  void link(const std::string& to, const std::string& name) {
    fs::create_directories(fs::path(folder_ / name).parent_path());
    fs::create_symlink(to, folder_ / name);
  }
  std::vector<std::string> names(const std::vector<std::string>& paths) {
    InputFiles input = list_input_files(paths, "auto");
    linked_again_ = input.linked_again;
    std::vector<std::string> found;
    for (const InputFile& one : input.files) found.push_back(one.path.substr(folder_.path().size() + 1));
    return found;
  }
  std::string said(const std::vector<std::string>& paths) {
    return message_of([&] { list_input_files(paths, "auto"); });
  }

  TemporaryFolder folder_;
  std::int64_t linked_again_ = 0;
};

using Names = std::vector<std::string>;

TEST_F(InputFilesTest, FollowsLinksToFilesAndFolders) {
  file("real/a.txt");
  file("real/deep/b.txt");
  file("elsewhere/c.txt");
  file("in/own.txt");
  link(folder_ / "real", "in/linked");
  link("../elsewhere/c.txt", "in/c.txt");
  EXPECT_EQ(names({folder_ / "in"}), (Names{"in/c.txt", "in/linked/a.txt", "in/linked/deep/b.txt", "in/own.txt"}));
  EXPECT_EQ(linked_again_, 0);
  fs::create_directory_symlink(folder_ / "in", folder_ / "all");
  EXPECT_EQ(names({folder_ / "all"}).size(), 4U);
}

TEST_F(InputFilesTest, NoticesLoopsAndReadsEachFileOnce) {
  file("in/a.txt");
  file("in/deep/b.txt");
  link(folder_ / "in", "in/deep/up");  // a loop
  link("deep", "in/again");            // a second way to the folder
  link("a.txt", "in/z.txt");           // a second name
  EXPECT_EQ(names({folder_ / "in"}), (Names{"in/a.txt", "in/again/b.txt"}));
  EXPECT_EQ(linked_again_, 3);
  link("self", "in/self");
  EXPECT_NE(said({folder_ / "in"}).find("cannot look at '" + folder_ / "in/self" + "': Too many levels"),
            std::string::npos);
}

TEST_F(InputFilesTest, RefusesWhatIsNoFile) {
  file("in/a.txt");
  EXPECT_EQ(said({folder_ / "in", folder_ / "in/a.txt"}), "'" + folder_ / "in/a.txt" + "' is given twice as input");
  link("nothing", "dangling/x.txt");
  EXPECT_EQ(said({folder_ / "dangling"}), "'" + folder_ / "dangling/x.txt" + "' is a link to nothing; remove it");
  ASSERT_EQ(::mkfifo((folder_ / "pipe.txt").c_str(), 0600), 0);
  EXPECT_EQ(said({folder_ / "pipe.txt"}), "'" + folder_ / "pipe.txt" + "' is no regular file");
  EXPECT_NE(said({"/dev/zero"}).find("is no regular file"), std::string::npos);
}

struct Sample {
  std::string name;
  std::string content;
  InputFormat format;
  bool by_content;
};

TEST_F(InputFilesTest, FindsTheFormat) {
  const std::string json = "{\"text\": \"One.\", \"url\": \"u\"}\n{\"text\": \"Two.\"}\n";
  const std::string long_json = "{\"text\": \"" + std::string(100000, 'x') + "\"}\n";
  const std::string wiki = "<doc id=\"1\" url=\"u\" title=\"T\">\nT\n\nText.\n</doc>\n";
  const std::string ppt = "One.<@x(x!>Two.\nThree.<@x(x!>Four.\n";
  const std::string text = "One line.\n\nAnother document.\n";
  const std::vector<Sample> samples{
      {"a.txt", text, InputFormat::text, false},
      {"a.jsonl", json, InputFormat::jsonl, false},
      {"a.ndjson", json, InputFormat::jsonl, false},
      {"a.csv", "text\nx\n", InputFormat::csv, false},
      {"a.tsv", "text\nx\n", InputFormat::tsv, false},
      {"c4-train.00000-of-01024.json.gz", gzip(json), InputFormat::jsonl, true},
      {"c4.json", long_json, InputFormat::jsonl, true},
      {"clue.json", "\xEF\xBB\xBF" + json, InputFormat::jsonl, true},
      {"wiki_00", wiki, InputFormat::wiki, true},
      {"wiki_01", json, InputFormat::jsonl, true},
      {"part-00001.zst", zstd(json), InputFormat::jsonl, true},
      {"part.00001", text, InputFormat::text, true},
      {"openwebtext", ppt, InputFormat::ppt, true},
      {"openwebtext.txt", ppt, InputFormat::ppt, true},
      {"wiki.txt", wiki, InputFormat::wiki, true},
      {"lines-of-json.txt", json, InputFormat::jsonl, true},
      {"prose-with-a-brace.txt", "{\"text\": \"One.\"}\nProse.\n", InputFormat::text, false},
  };
  for (const Sample& sample : samples) {
    const FoundFormat found = find_format(file(sample.name, sample.content));
    EXPECT_TRUE(found.known) << sample.name;
    EXPECT_STREQ(name_of(found.format), name_of(sample.format)) << sample.name;
    EXPECT_EQ(found.by_content, sample.by_content) << sample.name;
  }
}

TEST_F(InputFilesTest, SaysWhyAFormatIsNotKnown) {
  EXPECT_NE(find_format(file("a.html", "<html>")).reason.find("--format"), std::string::npos);
  EXPECT_NE(find_format(file("a.parquet", "PAR1")).reason.find("--format"), std::string::npos);
  EXPECT_NE(find_format(file("list.json", "[{\"text\": \"x\"}]")).reason.find("one JSON array"), std::string::npos);
  EXPECT_NE(find_format(file("pretty.json", "{\n  \"text\": \"x\"\n}\n")).reason.find("first line is no object"),
            std::string::npos);
  EXPECT_NE(find_format(file("binary", std::string("\0\1\2", 3))).reason.find("is no text"), std::string::npos);
  for (const char* name : {"a.html", "list.json", "pretty.json", "binary"})
    EXPECT_FALSE(find_format(folder_ / name).known);
}

TEST_F(InputFilesTest, SaysWhatTheContentDecided) {
  file("in/wiki_00", "<doc id=\"1\">\nx\n</doc>\n");
  file("in/wiki_01", "<doc id=\"2\">\nx\n</doc>\n");
  file("in/c.json", "{\"text\": \"x\"}\n");
  file("in/d.txt");
  link("d.txt", "in/e.txt");
  EXPECT_EQ(notes_on(list_input_files({folder_ / "in"}, "auto")),
            (Names{"'" + folder_ / "in/c.json" + "' is read as jsonl by its content",
                   "2 files are read as wiki by their content, '" + folder_ / "in/wiki_00" + "' the first",
                   "1 links lead to what is read already and are passed over"}));
  const InputFiles given = list_input_files({folder_ / "in/wiki_00"}, "lines");
  EXPECT_EQ(given.files.at(0).format.format, InputFormat::lines);
  EXPECT_TRUE(notes_on(given).empty());
  EXPECT_EQ(message_of([&] { list_input_files({folder_ / "in"}, "xml"); }),
            "--format: there is no 'xml'; the formats are auto, text, lines, jsonl, csv, tsv, ppt, wiki");
}

}  // namespace
}  // namespace prelude::test
