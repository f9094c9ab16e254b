#include "launch/options.h"

#include <gtest/gtest.h>

#include <sstream>

#include "core/error.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::TemporaryFolder;
using test::write_file;

struct Fields {
  std::string path;
  std::vector<std::string> input;
  int steps = 10;
  double rate = 0.25;
  std::optional<std::int64_t> length;
  std::string task = "nsp";
  bool verify = true;
  bool json = false;
};

OptionTable table_of(Fields& fields) {
  OptionTable table("demo run", "shows what a table does");
  table.add("path", fields.path, "PATH", "Where.").positional();
  table.add("input", fields.input, "FILE", "Files to read.").required();
  table.add("steps", fields.steps, "N", "Steps.").at_least(1).at_most(1000);
  table.add("rate", fields.rate, "X", "Rate.").above(0).below(1);
  table.add("length", fields.length, "P", "Rows.").at_least(1);
  table.add("task", fields.task, "", "Task.").choices({"nsp", "nss", "unified"});
  table.add("verify", fields.verify, "", "Look again.");
  table.add("json", fields.json, "", "One object.");
  return table;
}

Fields parsed(const std::vector<std::string>& arguments) {
  Fields fields;
  table_of(fields).parse(arguments);
  return fields;
}

std::string mistake(const std::vector<std::string>& arguments) {
  try {
    parsed(arguments);
  } catch (const UserError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no UserError";
  return "";
}

TEST(Options, FieldsKeepTheirDefaults) {
  const auto fields = parsed({"--input", "a"});
  EXPECT_EQ(fields.input, std::vector<std::string>{"a"});
  EXPECT_EQ(fields.steps, 10);
  EXPECT_EQ(fields.rate, 0.25);
  EXPECT_FALSE(fields.length.has_value());
  EXPECT_TRUE(fields.verify);
}

TEST(Options, EveryKindOfValue) {
  const auto fields = parsed({"there", "--input", "a", "b", "--steps=20", "--rate", "1e-3", "--length", "7", "--task",
                              "nss", "--no-verify", "--json", "--input", "c"});
  EXPECT_EQ(fields.path, "there");
  EXPECT_EQ(fields.input, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(fields.steps, 20);
  EXPECT_EQ(fields.rate, 1e-3);
  EXPECT_EQ(fields.length, 7);
  EXPECT_EQ(fields.task, "nss");
  EXPECT_FALSE(fields.verify);
  EXPECT_TRUE(fields.json);
}

TEST(Options, AFlagDoesNotTakeThePositionalAfterIt) {
  const auto fields = parsed({"--input", "a", "--json", "there"});
  EXPECT_TRUE(fields.json);
  EXPECT_EQ(fields.path, "there");
}

TEST(Options, Mistakes) {
  const std::vector<std::string> good{"--input", "a"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), good.begin(), good.end());
    return mistake(more);
  };
  EXPECT_EQ(mistake({}), "--input is missing; `prelude demo run` needs FILE (Files to read)");
  EXPECT_EQ(with({"--stesp", "3"}), "unknown option --stesp; did you mean --steps?");
  EXPECT_EQ(with({"--no-rate"}), "unknown option --no-rate; did you mean --rate?");
  EXPECT_EQ(with({"--ste", "3"}), "unknown option --ste; did you mean --steps?");
  EXPECT_EQ(with({"--steps"}), "--steps needs a value; see `prelude demo run --help`");
  EXPECT_EQ(with({"--steps", "--json"}), "--steps needs a value, not the option --json");
  EXPECT_EQ(with({"--steps", "3", "--steps", "4"}), "--steps is given twice");
  EXPECT_EQ(with({"--steps", "0"}), "--steps: 0 must be at least 1");
  EXPECT_EQ(with({"--steps", "1001"}), "--steps: 1001 must be at most 1000");
  EXPECT_EQ(with({"--steps", "-3"}), "--steps: -3 must be at least 1");
  EXPECT_EQ(with({"--rate", "nan"}), "--rate: 'nan' is not a finite number");
  EXPECT_EQ(with({"--rate", "0"}), "--rate: 0 must be more than 0");
  EXPECT_EQ(with({"--rate", "1"}), "--rate: 1 must be less than 1");
  EXPECT_EQ(with({"--length", "0"}), "--length: 0 must be at least 1");
  EXPECT_EQ(with({"--task", "nps"}), "--task: 'nps' is not one of nsp, nss, unified; did you mean 'nsp'?");
  EXPECT_EQ(with({"--json=true"}), "--json is a flag, it takes no value; see `prelude demo run --help`");
  EXPECT_EQ(mistake({"-x", "--input", "a"}), "unknown option -x; see `prelude demo run --help`");
  EXPECT_EQ(mistake({"there", "too", "--input", "a"}), "unexpected argument 'too'; see `prelude demo run --help`");
}

TEST(Options, ConfigFileThenCommandLine) {
  const TemporaryFolder folder;
  const auto path = folder / "demo.ini";
  write_file(path,
             "\xEF\xBB\xBF# a comment\r\n\n input = a # b \ninput=c\nsteps = 30\nverify = off\n; another\nrate=0.5");
  const auto fields = parsed({"--config", path, "--steps", "40"});
  EXPECT_EQ(fields.input, (std::vector<std::string>{"a # b", "c"}));
  EXPECT_EQ(fields.steps, 40);
  EXPECT_EQ(fields.rate, 0.5);
  EXPECT_FALSE(fields.verify);
  EXPECT_EQ(parsed({"--config", path, "--input", "z"}).input, std::vector<std::string>{"z"});
}

TEST(Options, ConfigFileMistakes) {
  const TemporaryFolder folder;
  const auto path = folder / "demo.ini";
  const auto with = [&](const std::string& content) {
    write_file(path, content);
    auto message = mistake({"--config", path});
    EXPECT_EQ(message.rfind(path, 0) == 0 ? "" : message, "");
    return message.substr(std::min(path.size() + 1, message.size()));
  };
  EXPECT_EQ(with("input = a\n\nstep = 3\n"), "line 3: unknown key 'step'; did you mean 'steps'?");
  EXPECT_EQ(with("input = a\nsteps = 3\nsteps = 4\n"), "line 3: 'steps' is given twice");
  EXPECT_EQ(with("input = a\nsteps = x\n"), "line 2: steps: 'x' is not a whole number");
  EXPECT_EQ(with("steps\n"), "line 1: 'steps' is not a `key = value` line");
  EXPECT_EQ(with("[run]\n"), "line 1: a config file has no [sections]; write plain `key = value` lines");
  EXPECT_EQ(mistake({"--config", folder / "none.ini"}),
            "cannot open '" + (folder / "none.ini") + "': No such file or directory");
  EXPECT_EQ(mistake({"--config", folder.path()}), "'" + folder.path() + "' is a folder; a file is wanted");
  write_file(path, std::string("steps\0= 3", 9));
  EXPECT_EQ(mistake({"--config", path}), path + " line 1: byte 6 of the line is zero; is the file UTF-16, or no text?");
  EXPECT_EQ(with("input = a\n# caf\xE9\n"), "line 2: byte 6 of the line (0xe9) is no UTF-8; convert the file to UTF-8");
  write_file(path, std::string((1 << 20) + 1, '#'));
  EXPECT_EQ(mistake({"--config", path}), "'" + path + "' has more than 1048576 bytes; is it the file that you mean?");
  EXPECT_EQ(mistake({"--config", "/dev/zero"}), "'/dev/zero' is a device; give a regular file");
}

TEST(Options, ConfigTextReadsBack) {
  const TemporaryFolder folder;
  Fields fields = parsed({"--input", "a#b", "c = d", "--rate", "0.1", "--length", "9", "--no-verify", "p q"});
  write_file(folder / "config.ini", table_of(fields).config_text());
  Fields again;
  table_of(again).parse_config(folder / "config.ini");
  EXPECT_EQ(table_of(again).config_text(), table_of(fields).config_text());
  EXPECT_EQ(again.input, fields.input);
  EXPECT_EQ(again.length, 9);
  EXPECT_FALSE(again.verify);
  EXPECT_EQ(again.path, "p q");
}

TEST(Options, HelpNamesEveryRowAlignedWithinThePage) {
  Fields fields;
  auto table = table_of(fields);
  const auto help = table.help_text();
  for (const auto& row : table.rows()) {
    const auto label = row.is_positional ? row.value_name : "--" + row.name;
    EXPECT_NE(help.find(label), std::string::npos) << row.name;
    EXPECT_NE(help.find(row.help), std::string::npos) << row.name;
  }
  EXPECT_NE(help.find("--task nsp|nss|unified"), std::string::npos);
  EXPECT_NE(help.find("Rate. [0.25]"), std::string::npos);
  EXPECT_NE(help.find("Files to read. [needed]"), std::string::npos);
  EXPECT_NE(help.find("Look again. [on; --no-verify turns it off]"), std::string::npos);
  std::istringstream lines(help);
  std::size_t column = 0;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 100U) << line;
    if (line.rfind("  --", 0) != 0) continue;
    const auto meaning = line.find_first_not_of(' ', line.find("  ", 4));
    if (column == 0) column = meaning;
    EXPECT_EQ(meaning, column) << line;
  }
  EXPECT_GT(column, 0U);
}

TEST(Options, MarkdownHasARowForEachOption) {
  Fields fields;
  auto table = table_of(fields);
  const auto page = table.markdown();
  for (const auto& row : table.rows()) EXPECT_NE(page.find(row.help), std::string::npos);
  EXPECT_NE(page.find("| `--task nsp\\|nss\\|unified` | `nsp` | Task. |"), std::string::npos);
}

TEST(Options, ARowDeclaredTwiceIsOurMistake) {
  int value = 0;
  OptionTable table("demo", "x");
  table.add("steps", value, "N", "Steps.");
  EXPECT_THROW(table.add("steps", value, "N", "Steps."), InternalError);
}

}  // namespace
}  // namespace prelude
