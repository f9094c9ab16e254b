#include "core/io/checksum.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

// FIPS 180-4's examples.
TEST(ChecksumTest, Sha256OfKnownTexts) {
  EXPECT_EQ(sha256("", 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc", 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const std::string million(1000000, 'a');
  EXPECT_EQ(sha256(million.data(), million.size()), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// XXH3-128 of nothing, from xxHash's own specification; the other as xxhsum -H2 prints it.
TEST(ChecksumTest, Xxh3OfKnownTexts) {
  EXPECT_EQ(xxh3_128("", 0), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(xxh3_128("abc", 3), "06b05ab6733a618578af5f94892f3950");
}

TEST(ChecksumTest, PiecesAndFilesGiveTheSame) {
  std::string text;
  for (int i = 0; i < 300000; ++i) text += std::to_string(i);
  Xxh3 stream;
  for (std::size_t at = 0; at < text.size(); at += 777)
    stream.update(text.data() + at, std::min<std::size_t>(777, text.size() - at));
  const test::TemporaryFolder folder;
  test::write_file(folder / "a", text);
  EXPECT_EQ(stream.hex(), xxh3_128(text.data(), text.size()));
  EXPECT_EQ(xxh3_128_of_file(folder / "a"), stream.hex());
  EXPECT_EQ(sha256_of_file(folder / "a"), sha256(text.data(), text.size()));
  EXPECT_THROW(sha256_of_file(folder / "none"), UserError);
}

}  // namespace
}  // namespace prelude
