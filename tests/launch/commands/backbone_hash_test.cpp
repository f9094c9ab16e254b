#include "launch/commands/backbone_hash.h"

#include <gtest/gtest.h>

#include "core/t5/identity.h"
#include "tests/message_of.h"

namespace prelude {
namespace {

// Five pieces a, b, c, d, e.
TEST(BackboneHash, IsThatOfAllPiecesWhoeverHashedThem) {
  const std::string whole = identity_of({"a", "b", "c", "d", "e"});
  EXPECT_EQ(agreed_hash("x", {"a\nb\nc\nd\ne\n"}, {"n1"}), whole);
  EXPECT_EQ(agreed_hash("x", {"a\n\nc\n\ne\n", "\nb\n\nd\n\n"}, {"n1", "n1"}), whole);
  EXPECT_EQ(agreed_hash("x", {"a\n\nc\n\ne\n", "\nb\n\nd\n\n", "a\nb\nc\nd\ne\n"}, {"n1", "n1", "n2"}), whole);
}

TEST(BackboneHash, HostsThatDifferAreNamed) {
  const std::string said = "--backbone 'x' has other weights on host n2 than on host n1; give all hosts the same";
  EXPECT_EQ(test::message_of([] { agreed_hash("x", {"a\nb\n", "a\nB\n"}, {"n1", "n2"}); }), said);
  EXPECT_EQ(test::message_of([] {
              agreed_hash("x", {"a\n\n", "\nb\n", "a\n\n", "\nB\n"}, {"n1", "n1", "n2", "n2"});
            }),
            said);
  EXPECT_EQ(test::message_of([] { agreed_hash("x", {"a\nb\n", "a\nb\nc\n"}, {"n1", "n2"}); }), said);
}

}  // namespace
}  // namespace prelude
