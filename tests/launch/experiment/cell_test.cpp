#include "launch/experiment/cell.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/launch/experiment/make_cells.h"
#include "tests/message_of.h"

namespace prelude::test {
namespace {

// Written by hand.
const std::string good =
    R"({"data":"sst2","method":"ppt","shots":32,"rate":0.3,"seed":18446744073709551615,"failed":false,"seconds":1.5,)"
    R"("best_step":12,"dev":{"vocabulary_accuracy":0.5,"accuracy":0.75,"macro_f1":0.25,"loss":0.125,"examples":4,)"
    R"("confusion":[[1,0],[1,2]]},"test":{"vocabulary_accuracy":0,"accuracy":1,"macro_f1":1,"loss":null,"examples":7,)"
    R"("confusion":[]},"curve":[{"step":6,"accuracy":0.5,"loss":2},{"step":12,"accuracy":0.75,"loss":1}],)"
    R"("train_indices":[5,3],"dev_indices":[0]})";

std::string changed(const std::string& from, const std::string& to) {
  std::string text = good;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string complaint(const std::string& text) {
  return message_of([&] { parse_cell("a.json", text); });
}

TEST(CellKey, NamesAPath) {
  EXPECT_EQ((CellKey{"sst2", "ppt", 32, 0.3, 10}.name()), "sst2/ppt/shots-32/rate-0.3/seed-10");
  EXPECT_EQ((CellKey{"sst2", "ft", 0, 5e-6, 0}.name()), "sst2/ft/shots-all/rate-5e-06/seed-0");
}

TEST(CellKey, NamesNeitherLeaveTheFolderNorMeet) {
  const std::vector<std::string> texts = {"..", ".", "a/b", "a%2Fb", "a b", "", "%", "\n", "\xC3\xA4", "a.b", ".a"};
  std::set<std::string> names;
  for (const std::string& text : texts) {
    const std::string name = CellKey{text, "m", 1, 1, 1}.name();
    EXPECT_EQ(std::count(name.begin(), name.end(), '/'), 4) << name;
    EXPECT_NE(name.front(), '.') << name;
    EXPECT_NE(name.front(), '/') << name;
    names.insert(name);
  }
  EXPECT_EQ(names.size(), texts.size());
}

TEST(CellKey, IsOrderedByItsMembersInTurn) {
  EXPECT_LT((CellKey{"a", "z", 9, 9, 9}), (CellKey{"b", "a", 0, 0, 0}));
  EXPECT_LT((CellKey{"a", "a", 1, 9, 9}), (CellKey{"a", "a", 2, 0, 0}));
  EXPECT_LT((CellKey{"a", "a", 1, 0.1, 9}), (CellKey{"a", "a", 1, 0.2, 0}));
  EXPECT_EQ((CellKey{"a", "a", 1, 0.1, 9}), (CellKey{"a", "a", 1, 0.1, 9}));
}

TEST(Cell, IsReadAsItWasWritten) {
  const CellResult cell = parse_cell("a.json", good);
  EXPECT_EQ(cell.key, (CellKey{"sst2", "ppt", 32, 0.3, std::numeric_limits<std::uint64_t>::max()}));
  EXPECT_FALSE(cell.failed);
  EXPECT_EQ(cell.best_step, 12);
  EXPECT_EQ(cell.dev.vocabulary_accuracy, 0.5);
  EXPECT_EQ(cell.dev.accuracy, 0.75);
  EXPECT_EQ(cell.dev.macro_f1, 0.25);
  EXPECT_EQ(cell.dev.loss, 0.125);
  EXPECT_EQ(cell.dev.confusion, (std::vector<std::vector<std::int64_t>>{{1, 0}, {1, 2}}));
  EXPECT_TRUE(std::isnan(cell.test.loss));
  EXPECT_EQ(cell.test.examples, 7);
  ASSERT_EQ(cell.curve.size(), 2U);
  EXPECT_EQ(cell.curve[1].step, 12);
  EXPECT_EQ(cell.curve[1].loss, 1);
  EXPECT_EQ(cell.train_indices, (std::vector<std::int64_t>{5, 3}));
  EXPECT_EQ(cell.seconds, 1.5);
  EXPECT_EQ(nlohmann::json::parse(to_json(cell).dump()), nlohmann::json::parse(good));
}

TEST(Cell, AFailureNeedsNoScores) {
  const CellResult cell = parse_cell("a.json", to_json(failed_cell({"cb", "pt", 32, 0.3, 10})).dump());
  EXPECT_TRUE(cell.failed);
  EXPECT_EQ(cell.error, "the loss is not finite");
}

TEST(Cell, WritesNoNumberThatIsNotFinite) {
  CellResult cell = make_cell({"cb", "pt", 32, 0.3, 10}, 0.5, 0.5, std::numeric_limits<double>::infinity());
  cell.curve.push_back({1, 0.5, std::nan("")});
  const auto json = to_json(cell);
  EXPECT_TRUE(json["dev"]["loss"].is_null());
  EXPECT_TRUE(json["curve"][0]["loss"].is_null());
  cell.test.accuracy = std::nan("");
  EXPECT_THROW(to_json(cell), InternalError);
}

TEST(Cell, BelievesNothingThatItReads) {
  const struct {
    const char* from;
    const char* to;
    const char* says;
  } cases[] = {
      {R"("data":"sst2")", R"("data":"")", "'a.json': field 'data' must not be empty"},
      {R"("method":"ppt",)", "", "'a.json': field 'method' is missing"},
      {R"("shots":32)", R"("shots":-1)", "'a.json': field 'shots' must be between 0 and 9007199254740992, not -1"},
      {R"("rate":0.3)", R"("rate":-0.3)", "'a.json': field 'rate' must be a number of at least 0"},
      {R"("rate":0.3)", R"("rate":1e999)", "a.json: a JSON number is out of range"},
      {"18446744073709551615", "1.5", "'a.json': field 'seed' must be a whole number of at least 0"},
      {"18446744073709551615", "-1", "'a.json': field 'seed' must be a whole number of at least 0"},
      {R"("failed":false)", R"("failed":true)", "'a.json': field 'error' is missing"},
      {R"("failed":false)", R"("failed":0)", "'a.json': field 'failed' must be true or false"},
      {R"("accuracy":0.75)", R"("accuracy":1.75)",
       "'a.json': field 'dev.accuracy' must be a share from 0 to 1, not 1.75"},
      {R"("accuracy":1,)", R"("accuracy":null,)", "'a.json': field 'test.accuracy' must be a number of at least 0"},
      {R"("loss":0.125)", R"("loss":"NaN")", "'a.json': field 'dev.loss' must be a number or null"},
      {"[[1,0],[1,2]]", "[[1,0],[1]]", "'a.json': field 'dev.confusion' must have as many columns as rows"},
      {"[[1,0],[1,2]]", "[[1,0],[1,1]]", "'a.json': field 'dev.confusion' counts fewer than 'examples'"},
      {"[[1,0],[1,2]]", "[[9007199254740992,0],[1,1]]", "'a.json': field 'dev.confusion' counts more than 'examples'"},
      {"[[1,0],[1,2]]", "[[1,-1],[1,2]]",
       "'a.json': field 'dev.confusion' must hold whole numbers from 0 to 9007199254740992 only"},
      {"[[1,0],[1,2]]", "7", "'a.json': field 'dev.confusion' must be a list of lists"},
      {R"("step":12)", R"("step":6)", "'a.json': field 'curve[1].step' must be above the step before it"},
      {"[5,3]", "{}", "'a.json': field 'train_indices' must be a list"},
      {R"("seconds":1.5)", R"("data":"cb")", R"(a.json: "data" stands twice)"},
  };
  for (const auto& one : cases) EXPECT_EQ(complaint(changed(one.from, one.to)), one.says);
  EXPECT_EQ(complaint("[]"), "a.json: expected a JSON object, got array");
  EXPECT_EQ(complaint(good.substr(0, 40)).substr(0, 22), "a.json: not valid JSON");
}

}  // namespace
}  // namespace prelude::test
