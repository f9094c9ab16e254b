#include "launch/prompt_match.h"

#include <gtest/gtest.h>

namespace prelude {
namespace {

const PromptOrigin origin{"my/prompt", {{"backbone_hash", "aa11"}, {"task", "nss"}}};

TEST(PromptMatch, SaysNothingOfTheSameOrTheUnknown) {
  EXPECT_TRUE(prompt_warnings(origin, {"my/backbone", "aa11", "nss"}).empty());
  EXPECT_TRUE(prompt_warnings(origin, {"my/backbone", "", ""}).empty());
  EXPECT_TRUE(prompt_warnings({"p.npy", {}}, {"my/backbone", "aa11", "nss"}).empty());
  EXPECT_TRUE(prompt_warnings({"p", {{"task", ""}}}, {"my/backbone", "aa11", "nss"}).empty());
}

TEST(PromptMatch, NamesBothBackbonesAndBothTasks) {
  const auto warnings = prompt_warnings(origin, {"my/backbone", "bb22", "nsp"});
  ASSERT_EQ(warnings.size(), 2U);
  for (const char* part : {"my/prompt", "aa11", "my/backbone", "bb22"}) {
    EXPECT_NE(warnings[0].find(part), std::string::npos) << warnings[0];
  }
  EXPECT_EQ(warnings[1], "the prompt 'my/prompt' was pre-trained on task nss, but is used for nsp");
}

}  // namespace
}  // namespace prelude
