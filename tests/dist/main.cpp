// A test program of which mpirun starts several: every rank runs every test, and the first one tells.
#include <gtest/gtest.h>

#include "tests/dist/ranks.h"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  prelude::World world;
  prelude::test::the_world() = &world;
  if (!world.first()) {
    auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
  }
  const int failed = RUN_ALL_TESTS();
  if (failed != 0 && !world.first()) std::fprintf(stderr, "%sa test failed here\n", world.prefix().c_str());
  return failed;
}
