#include "launch/experiment/results.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/launch/experiment/make_cells.h"
#include "tests/message_of.h"

namespace prelude::test {
namespace {

Results two_cells() {
  Results results{"shots = \"32\"\n", "0.1.0", {{"cb", "accuracy/f1", 0.5, 0.25, 0.2, 0.3}}, {}};
  results.cells.push_back(make_cell({"cb", "ppt", 32, 0.3, 10}, 0.5, 0.75));
  results.cells.push_back(failed_cell({"cb", "ppt", 32, 0.3, 20}));
  return results;
}

TEST(Results, AreReadAsTheyWereWritten) {
  const Results back = parse_results("r.json", results_text(two_cells()));
  EXPECT_EQ(back.configuration, "shots = \"32\"\n");
  EXPECT_EQ(back.version, "0.1.0");
  ASSERT_EQ(back.baselines.size(), 1U);
  EXPECT_EQ(back.baselines[0].majority, 0.5);
  EXPECT_EQ(back.baselines[0].random, 0.25);
  EXPECT_EQ(back.baselines[0].majority_f1, 0.2);
  EXPECT_EQ(back.baselines[0].random_f1, 0.3);
  ASSERT_EQ(back.cells.size(), 2U);
  EXPECT_EQ(back.cells[0].test.accuracy, 0.75);
  EXPECT_TRUE(back.cells[1].failed);
  EXPECT_TRUE(parse_results("r.json", results_text({})).cells.empty());
}

// Another reader than ours: the whole is plain JSON, and brings the fields under their names.
TEST(Results, ArePlainJson) {
  const auto json = nlohmann::json::parse(results_text(two_cells()));
  EXPECT_EQ(json["schema_version"], 1);
  EXPECT_EQ(json["baselines"][0]["metric"], "accuracy/f1");
  EXPECT_EQ(json["cells"][1]["error"], "the loss is not finite");
}

TEST(Results, KeepTextThatIsNoUtf8Readable) {
  Results results = two_cells();
  results.cells[1].error = "bad \xFF byte";
  EXPECT_EQ(parse_results("r.json", results_text(results)).cells[1].error, "bad \xEF\xBF\xBD byte");
}

TEST(Results, ShowF1WhereTheMetricSaysSo) {
  Results results = two_cells();
  EXPECT_TRUE(results.shows_f1("cb"));
  EXPECT_FALSE(results.shows_f1("sst2"));
  results.baselines[0].metric = "accuracy";
  EXPECT_FALSE(results.shows_f1("cb"));
}

TEST(Results, NameWhatDoesNotHold) {
  const auto complaint = [](const Results& results) {
    return message_of([&] { parse_results("r.json", results_text(results)); });
  };
  Results results = two_cells();
  results.cells[1].key.seed = 10;
  EXPECT_EQ(complaint(results), "'r.json': the cell cb/ppt/shots-32/rate-0.3/seed-10 stands twice; keep one");
  results = two_cells();
  results.baselines.push_back(results.baselines[0]);
  EXPECT_EQ(complaint(results), "'r.json': the baseline of 'cb' stands twice; keep one");
  auto json = nlohmann::json::parse(results_text(two_cells()));
  json["cells"][0]["dev"]["macro_f1"] = 2;
  EXPECT_EQ(message_of([&] { parse_results("r.json", json.dump()); }),
            "'r.json': field 'cells[0].dev.macro_f1' must be a share from 0 to 1, not 2");
  json = nlohmann::json::parse(results_text(two_cells()));
  json["schema_version"] = 2;
  EXPECT_EQ(message_of([&] { parse_results("r.json", json.dump()); }),
            "'r.json': field 'schema_version' must be between 1 and 1, not 2");
}

}  // namespace
}  // namespace prelude::test
