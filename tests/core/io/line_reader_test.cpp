#include "core/io/line_reader.h"

#include <gtest/gtest.h>

#include <random>

#include "core/error.h"
#include "tests/core/io/compress.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::gzip;
using test::TemporaryFolder;
using test::write_file;
using test::zstd;
using Status = LineReader::Status;

struct Reading {
  std::vector<std::string> lines;
  std::vector<std::int64_t> too_long;  // line numbers
  std::int64_t damaged = 0;            // line number
  std::string damage;
  bool operator==(const Reading&) const = default;
};

Reading read_all(const std::string& path, std::int64_t limit = 1 << 20) {
  LineReader reader(path, limit);
  Reading reading;
  std::string line;
  for (;;) {
    const Status status = reader.next(line);
    if (status == Status::end) return reading;
    if (status == Status::damaged) {
      reading.damaged = reader.line_number();
      reading.damage = reader.damage();
      return reading;
    }
    if (status == Status::too_long) {
      reading.too_long.push_back(reader.line_number());
    } else {
      reading.lines.push_back(line);
    }
  }
}

Reading read_text(const std::string& text, std::int64_t limit = 1 << 20) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", text);
  return read_all(folder / "a.txt", limit);
}

using Lines = std::vector<std::string>;

TEST(LineReaderTest, EndsLinesAsUnixAndWindowsDo) {
  EXPECT_EQ(read_text("").lines, Lines{});
  EXPECT_EQ(read_text("\n").lines, Lines{""});
  EXPECT_EQ(read_text("a\r\nb\n\nc").lines, (Lines{"a", "b", "", "c"}));
  EXPECT_EQ(read_text("a\rb\n").lines, Lines{"a\rb"});
  EXPECT_EQ(read_text("\xEF\xBB\xBF"
                      "a\n\xEF\xBB\xBF"
                      "b")
                .lines,
            (Lines{"a",
                   "\xEF\xBB\xBF"
                   "b"}));
  EXPECT_EQ(read_text(std::string("a\0b\n", 4)).lines, Lines{std::string("a\0b", 3)});
}

TEST(LineReaderTest, PassesOverALineBeyondTheLimit) {
  const Reading reading = read_text("1234\n12345\n1234\r\n12345\r\n" + std::string(300000, 'x') + "\nlast", 4);
  EXPECT_EQ(reading.lines, (Lines{"1234", "1234", "last"}));
  EXPECT_EQ(reading.too_long, (std::vector<std::int64_t>{2, 4, 5}));
}

TEST(LineReaderTest, AnyLengthsPlainAndPacked) {
  std::mt19937 random(3);
  std::string text;
  Lines lines;
  for (int i = 0; i < 400; ++i) {
    std::string line(random() % (i % 50 == 0 ? 200000 : 300), 'a');
    for (char& c : line) c = static_cast<char>('a' + random() % 26);
    lines.push_back(line);
    text += line + "\n";
  }
  const TemporaryFolder folder;
  write_file(folder / "a.txt", text);
  write_file(folder / "a.txt.gz", gzip(text));
  write_file(folder / "a.txt.zst", zstd(text));
  // Two members or frames, cut inside a line.
  write_file(folder / "b.txt.gz", gzip(text.substr(0, 1234)) + gzip(text.substr(1234)));
  write_file(folder / "b.txt.zst", zstd(text.substr(0, 1234)) + zstd(text.substr(1234)));
  for (const char* name : {"a.txt", "a.txt.gz", "a.txt.zst", "b.txt.gz", "b.txt.zst"}) {
    EXPECT_EQ(read_all(folder / name), (Reading{lines, {}, 0, {}})) << name;
  }
}

// Cut anywhere, a packed file gives the lines before the cut and then says so; it never passes for whole.
TEST(LineReaderTest, SaysWhereAPackedFileIsCut) {
  std::string text;
  Lines lines;
  for (int i = 0; i < 200; ++i) {
    lines.push_back("line " + std::to_string(i * 7919));
    text += lines.back() + "\n";
  }
  const TemporaryFolder folder;
  for (const auto& [name, packed] : {std::pair{"a.gz", gzip(text)}, std::pair{"a.zst", zstd(text)}}) {
    for (std::size_t size = 0; size < packed.size(); size += 1 + packed.size() / 97) {
      write_file(folder / name, packed.substr(0, size));
      const Reading reading = read_all(folder / name);
      EXPECT_NE(reading.damage.find("truncated"), std::string::npos) << name << " " << size;
      EXPECT_EQ(reading.damaged, static_cast<std::int64_t>(reading.lines.size()) + 1);
      EXPECT_TRUE(std::equal(reading.lines.begin(), reading.lines.end(), lines.begin()));
    }
  }
}

TEST(LineReaderTest, SaysThatAPackedFileIsDamaged) {
  const TemporaryFolder folder;
  write_file(folder / "a.gz", "this was never packed\n");
  write_file(folder / "a.zst", "this was never packed\n");
  EXPECT_NE(read_all(folder / "a.gz").damage.find("gzip stream is damaged"), std::string::npos);
  EXPECT_NE(read_all(folder / "a.zst").damage.find("zstd stream is damaged"), std::string::npos);
  write_file(folder / "b.gz", gzip("one\ntwo\n") + "rubbish after it");
  const Reading reading = read_all(folder / "b.gz");
  EXPECT_EQ(reading.lines, (Lines{"one", "two"}));
  EXPECT_EQ(reading.damaged, 3);
}

// 40 MB in one line: passed over, never held.
TEST(LineReaderTest, ALineBeyondTheLimitIsNotKept) {
  const TemporaryFolder folder;
  write_file(folder / "a.gz", gzip(std::string(40 << 20, 'x') + "\nnext\n"));
  LineReader reader(folder / "a.gz", 100000);
  std::string line;
  EXPECT_EQ(reader.next(line), Status::too_long);
  EXPECT_LE(line.capacity(), 1000000U);
  EXPECT_EQ(reader.next(line), Status::line);
  EXPECT_EQ(line, "next");
  EXPECT_EQ(reader.line_number(), 2);
}

// Packed or not is what the bytes say: names come off on the way.
TEST(LineReaderTest, UnpacksByContent) {
  const TemporaryFolder folder;
  write_file(folder / "part-00001", gzip("one\n"));
  write_file(folder / "part-00002", zstd("two\n"));
  const std::string skippable{"\x51\x2A\x4D\x18\x03\0\0\0abc", 11};
  write_file(folder / "part-00003", skippable + zstd("three\n"));
  write_file(folder / "zstd.gz", zstd("four\n"));
  EXPECT_EQ(read_all(folder / "part-00001").lines, Lines{"one"});
  EXPECT_EQ(read_all(folder / "part-00002").lines, Lines{"two"});
  EXPECT_EQ(read_all(folder / "part-00003").lines, Lines{"three"});
  EXPECT_EQ(read_all(folder / "zstd.gz").lines, Lines{"four"});
}

TEST(LineReaderTest, RefusesOtherPackersByName) {
  const TemporaryFolder folder;
  const std::vector<std::pair<std::string, std::string>> packed{{"BZh91AY&SY", "bzip2"},
                                                                {std::string("\xFD"
                                                                             "7zXZ\0",
                                                                             6),
                                                                 "xz"},
                                                                {"PK\x03\x04rest", "zip"}};
  for (const auto& [start, name] : packed) {
    write_file(folder / "a.txt", start);
    EXPECT_EQ(read_all(folder / "a.txt").damage,
              "the file is packed by " + name + ", which is not read; unpack it, or pack it by gzip or zstd");
  }
}

TEST(LineReaderTest, RefusesUtf16AndUtf32) {
  const TemporaryFolder folder;
  const std::vector<std::pair<std::string, std::string>> texts{{std::string("\xFF\xFE"
                                                                            "a\0\n\0",
                                                                            6),
                                                                "16"},
                                                               {std::string("\xFE\xFF\0a\0\n", 6), "16"},
                                                               {std::string("\xFF\xFE\0\0a\0\0\0", 8), "32"}};
  for (const auto& [text, bits] : texts) {
    for (const std::string& bytes : {text, gzip(text)}) {
      write_file(folder / "a", bytes);
      const Reading reading = read_all(folder / "a");
      EXPECT_EQ(reading.damage, "the text is UTF-" + bits + "; convert it: iconv -f UTF-" + bits + " -t UTF-8");
      EXPECT_EQ(reading.damaged, 1);
      EXPECT_TRUE(reading.lines.empty());
    }
  }
}

TEST(TextProblemTest, NamesTheByte) {
  EXPECT_EQ(text_problem("café"), "");
  EXPECT_EQ(text_problem("caf\xE9"), "byte 4 of the line (0xe9) is no UTF-8; convert the file to UTF-8");
  EXPECT_EQ(text_problem(std::string_view("a\0b", 3)), "byte 2 of the line is zero; is the file UTF-16, or no text?");
}

TEST(LineReaderTest, CountsTheBytesOfTheFile) {
  const TemporaryFolder folder;
  const std::string packed = gzip(std::string(100000, 'x') + "\n");
  write_file(folder / "a.gz", packed);
  LineReader reader(folder / "a.gz", 1 << 20);
  EXPECT_EQ(reader.file_bytes_read(), 0);
  std::string line;
  while (reader.next(line) == Status::line) {
  }
  EXPECT_EQ(reader.file_bytes_read(), static_cast<std::int64_t>(packed.size()));
  EXPECT_THROW(LineReader(folder / "none", 10), UserError);
}

}  // namespace
}  // namespace prelude
