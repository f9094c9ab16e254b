#include "core/io/read_ahead.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <string>

#include "core/io/mapped_file.h"
#include "core/io/posix.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t file_bytes = std::size_t{24} << 20;

// A file on disk whose pages are not in memory, where the file system can do without them.
std::string cold_file(const TemporaryFolder& folder) {
  const std::string path = folder / "numbers";
  std::ofstream(path) << std::string(file_bytes, 'x');
  const UniqueFd fd = open_for_reading(path);
  EXPECT_EQ(::fsync(fd.get()), 0);
  EXPECT_EQ(::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
  return path;
}

std::size_t pages_in_memory(std::span<const std::byte> bytes) {
  std::vector<unsigned char> in_memory((bytes.size() + page - 1) / page);
  EXPECT_EQ(::mincore(const_cast<std::byte*>(bytes.data()), bytes.size(), in_memory.data()), 0);
  return static_cast<std::size_t>(std::count_if(in_memory.begin(), in_memory.end(), [](auto c) { return c & 1; }));
}

long faults() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  return use.ru_minflt + use.ru_majflt;
}

bool kernel_populates() {
  std::array<char, 1> byte{};
  const auto at = reinterpret_cast<std::uintptr_t>(byte.data());
  return ::madvise(byte.data() - at % page, page, MADV_POPULATE_READ) == 0;
}

TEST(ReadAhead, ReadsInTheBackgroundAndLeavesNothingToFault) {
  const TemporaryFolder folder;
  const MappedFile file = MappedFile::open(cold_file(folder));
  const std::span<const std::byte> all(file.data(), file_bytes);
  constexpr std::size_t odd = page * 7 + 13;
  {
    const std::array parts{all.first(odd), all.subspan(odd), all.first(0)};
    const ReadAhead ahead(parts);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (pages_in_memory(all) < file_bytes / page && std::chrono::steady_clock::now() < end) ::usleep(1000);
  }
  ASSERT_EQ(pages_in_memory(all), file_bytes / page);
  if (!kernel_populates()) GTEST_SKIP() << "this kernel is older than Linux 5.14: pages are read, but not mapped";
  const long before = faults();
  std::size_t sum = 0;
  for (std::size_t at = 0; at < all.size(); at += page) sum += static_cast<std::size_t>(all[at]);
  EXPECT_EQ(sum, std::size_t{'x'} * (file_bytes / page));
  EXPECT_LE(faults() - before, 20);  // of 6,144 pages
}

TEST(ReadAhead, EndsBeforeItsWorkIsDone) {
  const TemporaryFolder folder;
  const MappedFile file = MappedFile::open(cold_file(folder));
  const std::array parts{std::span(file.data(), file_bytes)};
  for (int i = 0; i < 50; ++i) const ReadAhead ahead(parts);
  const ReadAhead nothing({});
}

}  // namespace
}  // namespace prelude::test
