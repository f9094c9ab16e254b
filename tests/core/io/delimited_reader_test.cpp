#include "core/io/delimited_reader.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/core/io/compress.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::TemporaryFolder;
using test::write_file;
using Cells = std::vector<std::string>;
using Status = DelimitedReader::Status;

struct Table {
  std::vector<Cells> records;
  std::vector<std::int64_t> lines;
  std::string problem;
  std::int64_t problem_line = 0;
};

Table read_path(const std::string& path, char separator, Quoting quoting, std::int64_t most = 1 << 20) {
  DelimitedReader reader(path, separator, quoting, most);
  Table table;
  Cells cells;
  for (Status status = reader.next(cells); status != Status::end; status = reader.next(cells)) {
    if (status != Status::record) {
      table.problem = reader.problem();
      table.problem_line = reader.line_number();
      return table;
    }
    table.records.push_back(cells);
    table.lines.push_back(reader.line_number());
  }
  return table;
}

Table read(const std::string& text, char separator, Quoting quoting, std::int64_t most = 1 << 20) {
  const TemporaryFolder folder;
  write_file(folder / "a", text);
  return read_path(folder / "a", separator, quoting, most);
}

// RFC 4180, section 2, rules 1 to 7, and what spreadsheets add: a byte order mark, blank lines.
TEST(DelimitedReaderTest, ReadsCsv) {
  const Table table = read(
      "\xEF\xBB\xBFtext,label\r\n"
      "plain,1\r\n"
      "\"a, b\",2\r\n"
      "\"say \"\"hi\"\"\",3\r\n"
      "\r\n"
      "\"two\r\nlines\",4\r\n"
      ",\"\"\r\n"
      "\"\"\"\",\"last\"",
      ',', Quoting::csv);
  EXPECT_EQ(table.problem, "");
  EXPECT_EQ(table.records, (std::vector<Cells>{{"text", "label"},
                                               {"plain", "1"},
                                               {"a, b", "2"},
                                               {"say \"hi\"", "3"},
                                               {"two\nlines", "4"},
                                               {"", ""},
                                               {"\"", "last"}}));
  EXPECT_EQ(table.lines, (std::vector<std::int64_t>{1, 2, 3, 4, 6, 8, 9}));
}

TEST(DelimitedReaderTest, KeepsQuotesThatQuoteNothing) {
  const std::string text = "a \"b\" c\t1\n5\" disk\t\"x\n";
  EXPECT_EQ(read(text, '\t', Quoting::none).records, (std::vector<Cells>{{"a \"b\" c", "1"}, {"5\" disk", "\"x"}}));
  EXPECT_EQ(read("a \"b\" c,1\n", ',', Quoting::csv).records, (std::vector<Cells>{{"a \"b\" c", "1"}}));
}

TEST(DelimitedReaderTest, SaysWhatIsWrong) {
  Table table = read("a,b\n\"x\" y,1\n", ',', Quoting::csv);
  EXPECT_EQ(table.problem, "text stands behind the closing quote of column 1; a quote inside quotes is doubled");
  EXPECT_EQ(table.problem_line, 2);
  table = read("a,b\n1,\"x\ny\n", ',', Quoting::csv);
  EXPECT_EQ(table.problem, "the record's last quote is not closed; is a \" missing?");
  EXPECT_EQ(table.problem_line, 2);
  table = read("a,b\n1,\"x\n" + std::string(300, 'y') + "\n", ',', Quoting::csv, 200);
  EXPECT_NE(table.problem.find("more than 200 bytes"), std::string::npos);
  table = read("a,b\n1,\"" + std::string(150, 'x') + "\n" + std::string(150, 'y') + "\"\n", ',', Quoting::csv, 200);
  EXPECT_EQ(table.problem, "the record has more than 200 bytes; is a quote not closed?");
  table = read("a,b\ncaf\xE9,1\n", ',', Quoting::csv);
  EXPECT_EQ(table.problem, "byte 4 of the line (0xe9) is no UTF-8; convert the file to UTF-8");
  EXPECT_EQ(table.problem_line, 2);
  table = read("a,b\n1,\"x\ncaf\xE9\"\n", ',', Quoting::csv);
  EXPECT_EQ(table.problem_line, 3);
  table = read(std::string("\xFF\xFE"
                           "a\0",
                           4),
               ',', Quoting::csv);
  EXPECT_NE(table.problem.find("UTF-16"), std::string::npos);
}

// What Python's csv.writer makes of any cells comes back (excel and excel-tab: quotes where needed, or everywhere).
TEST(DelimitedReaderTest, ReadsBackWhatAWriterMakes) {
  std::mt19937 random(7);
  const std::string letters = "ab \"\",\t\nx";
  for (const char separator : {',', '\t'}) {
    for (const bool all : {false, true}) {
      std::vector<Cells> records{{"text", "label"}};
      for (int i = 0; i < 300; ++i) {
        std::string cell = "w";
        for (unsigned k = random() % 8; k > 0; --k) cell += letters[random() % letters.size()];
        records.push_back({cell, std::to_string(i)});
      }
      std::string text;
      for (const Cells& record : records) {
        for (std::size_t i = 0; i < record.size(); ++i) {
          const bool needed = record[i].find_first_of(std::string("\"\n") + separator) != std::string::npos;
          std::string cell = record[i];
          if (needed || all) {
            cell = "\"";
            for (const char c : record[i]) cell.append(c == '"' ? 2 : 1, c);
            cell += '"';
          }
          text += cell + (i + 1 < record.size() ? std::string(1, separator) : "\r\n");
        }
      }
      EXPECT_EQ(read(text, separator, Quoting::csv).records, records);
      const TemporaryFolder folder;
      write_file(folder / "a", text);
      const FoundQuoting found = find_quoting(folder / "a", separator, 1 << 20);
      EXPECT_EQ(found.quoting, Quoting::csv);
      EXPECT_EQ(found.raw_line, 0);
    }
  }
}

struct Shown {
  std::string name;
  std::string text;
  Quoting quoting;
};

TEST(FindQuotingTest, ByWhatTheFileShows) {
  const std::vector<Shown> table{
      {"no quotes at all", "s\tl\na b\t1\nc\t0\n", Quoting::none},
      {"GLUE: quotes inside", "s\tl\nhe said \"no\" .\t1\n5\" disk\t0\n", Quoting::none},
      {"GLUE: a cell begins with one", "s\tl\n\"I see , \" he said .\t1\nx\t0\n", Quoting::none},
      {"GLUE: one is never closed", "s\tl\n\"I see\t1\nx\t0\n", Quoting::none},
      {"GLUE: opened here, closed lines below", "s\tl\n\"I see\t1\nx\t0\nthe end\"\t1\n", Quoting::none},
      {"GLUE: a cell is one quotation", "s\tl\n\"I see\"\t1\nx\t0\n", Quoting::none},
      {"pandas: doubled quotes", "s\tl\n\"Dull, \"\"empty\"\"\"\t1\nx\t0\n", Quoting::csv},
      {"pandas: a tab", "s\tl\n\"a\tb\"\t1\nx\t0\n", Quoting::csv},
      {"pandas: a line break", "s\tl\n\"a\nb\"\t1\nx\t0\n", Quoting::csv},
      {"QUOTE_ALL", "\"s\"\t\"l\"\n\"a\"\t\"1\"\n\"b\"\t\"0\"\n", Quoting::csv},
      {"QUOTE_NONNUMERIC", "\"s\"\t\"l\"\n\"a\"\t1\n\"b\"\t0\n", Quoting::csv},
      {"a line with another number of cells, no quotes", "s\tl\na\t1\t2\n", Quoting::none},
      {"pandas beside a bare quote inside", "s\tl\n\"a \"\"b\"\"\"\t1\n5\" disk\t0\n", Quoting::csv},
  };
  const TemporaryFolder folder;
  for (const Shown& shown : table) {
    for (const std::string& bytes : {shown.text, test::gzip(shown.text)}) {
      write_file(folder / "a", bytes);
      const FoundQuoting found = find_quoting(folder / "a", '\t', 1 << 20);
      EXPECT_EQ(found.quoting, shown.quoting) << shown.name;
      EXPECT_EQ(found.raw_line, 0) << shown.name;
    }
  }
  write_file(folder / "a", "s\tl\n\"a \"\"b\"\"\"\t1\n\"I see , \" he said .\t0\n");
  const FoundQuoting found = find_quoting(folder / "a", '\t', 1 << 20);
  EXPECT_EQ(found.quoted_line, 2);
  EXPECT_EQ(found.raw_line, 3);
}

}  // namespace
}  // namespace prelude
