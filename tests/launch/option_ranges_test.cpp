// Every number that a command takes is refused, by the option's name, where it is no finite number of a sensible size.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/error.h"
#include "launch/commands/pretrain_options.h"
#include "launch/experiment/experiment_options.h"
#include "launch/lm/lm_options.h"

namespace prelude {
namespace {

template <typename Options>
void expect_ranges() {
  Options options;
  OptionTable table("demo", "");
  declare(table, options);
  const std::set<std::string> names{"N", "X", "P", "S", "STEPS"};  // what a number is called
  int numbers = 0;
  for (const OptionRow& row : table.rows()) {
    if (row.is_flag || row.is_list || !names.contains(row.value_name)) continue;
    ++numbers;
    for (const char* text : {"nan", "inf", "-inf", "infinity", "1e99", "-1e99", "1e400", "1e-99", "0x1p3", "1e", ""}) {
      try {
        row.set(text);
        ADD_FAILURE() << row.name << " takes " << text;
      } catch (const UserError& error) {
        EXPECT_STRNE(error.what(), "");
      }
    }
  }
  EXPECT_GT(numbers, 10);
}

TEST(OptionRanges, OfPretrain) { expect_ranges<PretrainOptions>(); }
TEST(OptionRanges, OfLm) { expect_ranges<LmOptions>(); }
TEST(OptionRanges, OfExperiment) { expect_ranges<ExperimentOptions>(); }

TEST(OptionRanges, OfListsOfRates) {
  ExperimentOptions options;
  OptionTable table("experiment", "");
  declare(table, options);
  for (const char* name : {"prompt-rates", "weight-rates"}) {
    for (const char* text : {"nan", "1e99", "inf", "1e-99", "0x10"}) {
      EXPECT_THROW(table.row(name).set(text), UserError) << name << " takes " << text;
    }
  }
}

}  // namespace
}  // namespace prelude
