// Constants are from SciPy 1.17.1 and NumPy 2.4.6 unless a comment says otherwise.
#include "launch/experiment/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

namespace prelude::test {
namespace {

const std::vector<double> six = {0.9, 0.1, 0.4, 0.35, 0.8, 0.2};

TEST(Statistics, MeanAndDeviation) {
  EXPECT_NEAR(mean_of(six), 0.4583333333333333, 1e-15);
  EXPECT_NEAR(sample_deviation(six), 0.3231356784180086, 1e-15);
  EXPECT_EQ(mean_of(std::vector<double>{0.25}), 0.25);
  EXPECT_THROW(sample_deviation(std::vector<double>{0.25}), InternalError);
}

TEST(Statistics, QuartilesOfTypeSeven) {
  const Quartiles box = quartiles(six);
  EXPECT_NEAR(box.first, 0.2375, 1e-15);
  EXPECT_NEAR(box.median, 0.375, 1e-15);
  EXPECT_NEAR(box.third, 0.7, 1e-15);
  const Quartiles one = quartiles(std::vector<double>{3});
  EXPECT_EQ(one.first, 3);
  EXPECT_EQ(one.third, 3);
}

// 2 * scipy.stats.t.sf(|t|, degrees).
TEST(Statistics, StudentsDistribution) {
  const struct {
    double t, degrees, p;
  } cases[] = {{0, 4, 1},
               {1, 1, 0.5},
               {2.7764451051977987, 4, 0.05},
               {2.5, 4, 0.06676654481198814},
               {-4.2, 9, 0.002306692506540238},
               {0.3, 2, 0.7924856608401776},
               {12.7, 1, 0.050024327689344165},
               {5, 4, 0.007490433881274525},
               {30, 4, 7.352856097661319e-06}};
  for (const auto& one : cases) EXPECT_NEAR(student_two_sided(one.t, one.degrees), one.p, 1e-12 * (1 + one.p)) << one.t;
  EXPECT_EQ(student_two_sided(std::numeric_limits<double>::infinity(), 4), 0);
}

// scipy.stats.ttest_rel.
TEST(Statistics, PairedTest) {
  const std::vector<double> a = {0.82, 0.85, 0.79, 0.88, 0.81};
  const std::vector<double> b = {0.75, 0.80, 0.77, 0.79, 0.70};
  const PairedTest test = paired_t_test(a, b);
  EXPECT_NEAR(test.t, 4.353253917718459, 1e-12);
  EXPECT_NEAR(test.p, 0.012126089536847394, 1e-12);
  EXPECT_EQ(test.degrees, 4);
  EXPECT_NEAR(paired_t_test(b, a).t, -test.t, 1e-12);
  EXPECT_EQ(paired_t_test(b, a).p, test.p);
}

TEST(Statistics, PairedTestWithoutSpread) {
  EXPECT_EQ(paired_t_test(six, six).p, 1);
  const std::vector<double> a = {0.5, 1, 1.5};
  const std::vector<double> b = {0.25, 0.75, 1.25};  // exact in binary: all differences are 1/4
  EXPECT_EQ(paired_t_test(a, b).p, 0);
  EXPECT_TRUE(std::isinf(paired_t_test(a, b).t));
}

// By hand from Holm's rule: 0.005 * 4, 0.01 * 3, 0.03 * 2, then 0.04 * 1, which may not fall below 0.06.
TEST(Statistics, HolmsCorrection) {
  const std::vector<double> p = holm(std::vector<double>{0.01, 0.04, 0.03, 0.005});
  const std::vector<double> expected = {0.03, 0.06, 0.06, 0.02};
  ASSERT_EQ(p.size(), expected.size());
  for (std::size_t i = 0; i < p.size(); ++i) EXPECT_NEAR(p[i], expected[i], 1e-15);
  EXPECT_EQ(holm(std::vector<double>{0.6, 0.7}), (std::vector<double>{1, 1}));
  EXPECT_TRUE(holm({}).empty());
}

}  // namespace
}  // namespace prelude::test
