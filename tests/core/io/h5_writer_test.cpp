#include "core/io/h5_writer.h"

#include <gtest/gtest.h>

#include "tests/io_faults/every_fault.h"
#include "tests/temporary_folder.h"

namespace prelude::h5 {
namespace {

using test::TemporaryFolder;
using test::write_file;

// Small arrays, which HDF5 writes when they are closed, and one that it writes at once; over several pieces of a read.
void write_example(const std::string& path) {
  std::vector<float> many(700000);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<float>(i) / 3;
  Writer file(path);
  file.write_attribute("format", std::string("an example"));
  file.write_attribute("step", std::int64_t{-5});
  file.write("/delta/prompt", Type::float32, {20, 3}, many.data());
  file.write("/delta/many", many);
  file.write("/counts", std::vector<std::int64_t>{1, 2, 3});
  file.write("/empty", std::vector<std::int64_t>{});
  file.write_strings("/names", {"a", "b"});
  file.write_text("/configuration", std::string(3000, 'c'));
  file.finish();
  file.commit("\nthe end");
}

// Also one that is lost though the disk says that it was written.
TEST(H5Writer, EveryWriteThatFailsIsNoticed) {
  const TemporaryFolder folder;
  test::expect_every_fault_noticed(
      folder.path(), [&] { write_file(folder / "a.h5", "old"); }, [&] { write_example(folder / "a.h5"); });
}

}  // namespace
}  // namespace prelude::h5
