#include "tasks/metrics.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace prelude::test {
namespace {

// Numbers of scikit-learn: scripts/make-predict-goldens.
TEST(Confusion, AgreesWithScikitLearn) {
  std::ifstream file(PRELUDE_SOURCE_DIR "/tests/data/metrics/scikit-learn.json");
  const nlohmann::json golden = nlohmann::json::parse(file);
  ASSERT_GE(golden["cases"].size(), 9U);
  for (const auto& row : golden["cases"]) {
    Confusion confusion;
    for (std::size_t i = 0; i < row["right"].size(); ++i) confusion.add(row["right"][i], row["predicted"][i]);
    EXPECT_EQ(confusion.examples(), row["right"].size());
    EXPECT_NEAR(confusion.accuracy(), row["accuracy"].get<double>(), 1e-12);
    EXPECT_NEAR(confusion.macro_f1(), row["macro_f1"].get<double>(), 1e-12);
    EXPECT_EQ(nlohmann::json(confusion.table(static_cast<std::int64_t>(row["confusion"].size()))), row["confusion"]);
  }
}

TEST(Confusion, OfNothingIsZero) {
  const Confusion confusion;
  EXPECT_EQ(confusion.examples(), 0);
  EXPECT_EQ(confusion.accuracy(), 0.0);
  EXPECT_EQ(confusion.macro_f1(), 0.0);
  EXPECT_TRUE(confusion.table().empty());
}

}  // namespace
}  // namespace prelude::test
