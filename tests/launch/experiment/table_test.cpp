#include "launch/experiment/table.h"

#include <gtest/gtest.h>

#include "tests/launch/experiment/make_cells.h"
#include "tests/message_of.h"

namespace prelude::test {
namespace {

const std::vector<double> pt = {0.50, 0.60, 0.55, 0.52, 0.58};
const std::vector<double> ppt = {0.80, 0.84, 0.82, 0.79, 0.90};
const std::vector<double> ft = {0.60, 0.61, 0.62, 0.50, 0.66};
const std::vector<double> near = {0.55, 0.62, 0.61, 0.52, 0.65};

Results three_methods() {
  Results results;
  add_cells(results, "sst2", "pt", pt);
  add_cells(results, "sst2", "ppt", ppt);
  add_cells(results, "sst2", "ft", ft);
  return results;
}

TableOptions against_pt() { return {Measure::vocabulary_accuracy, "pt"}; }

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Table, SaysWhereSeedsShareTheirExamples) {
  Results results = three_methods();
  EXPECT_FALSE(holds(markdown_text(make_table(results, against_pt())), "All seeds have the same")) << "not recorded";
  for (CellResult& cell : results.cells) cell.train_indices = {0, 1, 2};
  EXPECT_TRUE(holds(markdown_text(make_table(results, against_pt())), "All seeds have the same training examples"));
  for (CellResult& cell : results.cells) cell.train_indices.back() += static_cast<std::int64_t>(cell.key.seed);
  EXPECT_FALSE(holds(markdown_text(make_table(results, against_pt())), "All seeds have the same"));
}

// Means and deviations by NumPy, p by scipy.stats.ttest_rel: 3.467704255927742e-05 and 0.10166340730019759 before Holm.
TEST(Table, SumsUpSeeds) {
  const ResultTable table = make_table(three_methods(), against_pt());
  ASSERT_EQ(table.methods.size(), 3U);
  const TableValue& best = table.methods[1].cells[0].values.at(0);
  EXPECT_NEAR(best.mean, 0.83, 1e-12);
  EXPECT_NEAR(best.deviation.value(), 0.043588989435406726, 1e-12);
  EXPECT_NEAR(best.p.value(), 2 * 3.467704255927742e-05, 1e-12);
  EXPECT_TRUE(best.best);
  const TableValue& other = table.methods[2].cells[0].values.at(0);
  EXPECT_NEAR(other.p.value(), 0.10166340730019759, 1e-12);
  EXPECT_FALSE(other.best);
  EXPECT_FALSE(table.methods[0].cells[0].values.at(0).p.has_value());
}

TEST(Table, CorrectsForTheNumberOfMethods) {
  Results results;  // scipy: p = 0.03737084234715588 alone, which a second method makes 0.0747
  add_cells(results, "sst2", "pt", pt);
  add_cells(results, "sst2", "near", near);
  EXPECT_TRUE(holds(markdown_text(make_table(results, against_pt())), "| near | **59.0 ± 5.3**† |"));
  add_cells(results, "sst2", "ft", ft);
  const std::string text = markdown_text(make_table(results, against_pt()));
  EXPECT_TRUE(holds(text, "| near | 59.0 ± 5.3 |")) << text;
}

TEST(Table, PairsSeedsAndNotPlaces) {
  Results results = three_methods();
  std::swap(results.cells[5], results.cells[9]);
  std::swap(results.cells[0], results.cells[3]);
  EXPECT_NEAR(make_table(results, against_pt()).methods[1].cells[0].values.at(0).p.value(), 2 * 3.467704255927742e-05,
              1e-12);
}

// Where there is no spread to test against, a t-test would find anything significant.
TEST(Table, MarksNothingWithoutSpreadOrWithFewPairs) {
  const auto table_of = [](const std::vector<double>& reference, const std::vector<double>& other) {
    Results results;
    add_cells(results, "films", "pt", reference);
    add_cells(results, "films", "ppt", other);
    return make_table(results, against_pt());
  };
  const auto p_of = [&](const std::vector<double>& reference, const std::vector<double>& other) {
    return table_of(reference, other).methods[1].cells[0].values.at(0).p;
  };
  EXPECT_FALSE(p_of({0.3, 0.3}, {0.367, 0.367})) << "two equal pairs";
  EXPECT_FALSE(p_of({0.3, 0.31}, {0.7, 0.8})) << "two pairs";
  EXPECT_FALSE(p_of({0.3, 0.3, 0.3, 0.3}, {0.4, 0.4, 0.4, 0.4})) << "no spread";
  EXPECT_FALSE(p_of({0.1, 0.2, 0.3}, {0.4, 0.5, 0.6})) << "one difference, but for rounding";
  EXPECT_EQ(p_of({0.3, 0.3, 0.3}, {0.3, 0.3, 0.3}), 1.0) << "equal";
  EXPECT_TRUE(p_of({0.3, 0.3, 0.3}, {0.4, 0.4, 0.5}));
  EXPECT_FALSE(holds(latex_text(table_of({0.3, 0.3}, {0.367, 0.367})), "36.7 $\\pm$ 0.0}$^"));
}

// A method whose best state is that of step 0 did not learn anything that helped.
TEST(Table, SaysWhatWasTestedUntrained) {
  Results results = three_methods();
  for (CellResult& cell : results.cells) {
    cell.curve = {{0, 0.5, 1}, {6, 0.5, 1}};
    cell.best_step = cell.key.method == "ft" || cell.key.seed == results.cells.front().key.seed ? 0 : 6;
  }
  const std::string note =
      "Tested in the state of step 0, as no later one was better on the dev examples: pt on sst2 (1 of 5 seeds), ppt "
      "on "
      "sst2 (1 of 5 seeds), ft on sst2 (5 of 5 seeds).";
  for (const std::string& text : {markdown_text(make_table(results, {})), latex_text(make_table(results, {})),
                                  plain_text(make_table(results, {}))}) {
    EXPECT_TRUE(holds(text, note)) << text;
  }
  for (CellResult& cell : results.cells) cell.curve = {{0, 0.5, 1}};
  EXPECT_FALSE(holds(markdown_text(make_table(results, {})), "step 0")) << "nothing was to be trained";
}

TEST(Table, AsMarkdown) {
  Results results = three_methods();
  results.baselines = {{"sst2", "accuracy", 0.509, 0.5, 0, 0}};
  EXPECT_EQ(
      markdown_text(make_table(results, against_pt())),
      "| method | sst2 |\n"
      "| --- | ---: |\n"
      "| pt | 55.0 ± 4.1 |\n"
      "| ppt | **83.0 ± 4.4**‡ |\n"
      "| ft | 59.8 ± 5.9 |\n"
      "| majority | 50.9 |\n"
      "| random | 50.0 |\n"
      "\nTest results in %: mean ± sample standard deviation over seeds of the accuracy among the whole vocabulary.\n"
      "\nBold: the best mean of a column. (n=...): the seeds that finished, where not all did.\n"
      "\n† p < 0.05, ‡ p < 0.01: better or worse than pt by a two-sided t-test paired over seeds, Holm-corrected "
      "over the methods of a column.\n");
}

TEST(Table, AsLatexAndAsPlainText) {
  const ResultTable table = make_table(three_methods(), against_pt());
  const std::string latex = latex_text(table);
  EXPECT_TRUE(holds(latex,
                    "  \\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n"
                    "  \\begin{tabular}{lc}\n    \\toprule\n    method & sst2 \\\\\n    \\midrule\n"
                    "    pt & 55.0 $\\pm$ 4.1 \\\\\n    ppt & \\textbf{83.0 $\\pm$ 4.4}$^{\\ddagger}$ \\\\\n"
                    "    ft & 59.8 $\\pm$ 5.9 \\\\\n    \\bottomrule\n  \\end{tabular}}\n"))
      << latex;
  EXPECT_TRUE(holds(plain_text(table),
                    "method          sst2\n"
                    "pt        55.0 ± 4.1\n"
                    "ppt     83.0 ± 4.4*‡\n"
                    "ft        59.8 ± 5.9\n"))
      << plain_text(table);
}

TEST(Table, EscapesNames) {
  Results results;
  add_cells(results, "a_b|c", "50% & <x>\n{y}\\^~$#*", {0.5});
  const ResultTable table = make_table(results, {});
  EXPECT_TRUE(holds(markdown_text(table), "| method | a\\_b\\|c |\n")) << markdown_text(table);
  EXPECT_TRUE(holds(markdown_text(table), "\n| 50% \\& \\<x\\> {y}\\\\^\\~$\\#\\* | **50.0** |\n"))
      << markdown_text(table);
  EXPECT_TRUE(holds(latex_text(table),
                    "    50\\% \\& \\textless{}x\\textgreater{} \\{y\\}\\textbackslash{}\\textasciicircum{}"
                    "\\textasciitilde{}\\$\\#* & \\textbf{50.0} \\\\\n"))
      << latex_text(table);
}

TEST(Table, HasPairsWhereTheMetricIsAPair) {
  Results results;
  add_cells(results, "cb", "pt", {0.5, 0.7});
  add_cells(results, "cb", "ppt", {0.9, 0.9});
  for (CellResult& cell : results.cells) cell.test.macro_f1 = cell.key.method == "pt" ? 0.6 : 0.25;
  results.baselines = {{"cb", "accuracy/f1", 0.5, 0.333, 0.222, 0.3}};
  const std::string text = markdown_text(make_table(results, {}));
  EXPECT_TRUE(holds(text, "| pt | 60.0 ± 14.1 / **60.0 ± 0.0** |\n| ppt | **90.0 ± 0.0** / 25.0 ± 0.0 |\n")) << text;
  EXPECT_TRUE(holds(text, "| majority | 50.0 / 22.2 |\n| random | 33.3 / 30.0 |\n")) << text;
  EXPECT_TRUE(holds(text, "accuracy / macro-F1 among the label words"));
}

TEST(Table, CountsFailures) {
  Results results = three_methods();
  results.cells[0] = failed_cell(results.cells[0].key);
  for (std::size_t i = 5; i < 10; ++i) results.cells[i] = failed_cell(results.cells[i].key);
  add_cells(results, "cb", "pt", {0.5});
  const std::string text = markdown_text(make_table(results, against_pt()));
  EXPECT_TRUE(holds(text, "| pt | 56.2 ± 3.5 (n=4, 1 failed) | **50.0** |\n")) << text;
  EXPECT_TRUE(holds(text, "| ppt | failed (5) | - |\n")) << text;
  EXPECT_TRUE(holds(text, "\n6 of 16 cells failed.\n")) << text;
}

TEST(Table, SaysWhichRatesItChose) {
  Results results = three_methods();
  EXPECT_FALSE(holds(markdown_text(make_table(results, {})), "Rates"));
  // Worse on test and better on dev: taken.
  for (const std::uint64_t seed : {10U, 20U, 30U, 40U, 50U}) {
    results.cells.push_back(make_cell({"sst2", "ppt", 32, 0.05, seed}, 0.75, 0.25));
  }
  const std::string text = markdown_text(make_table(results, {}));
  EXPECT_TRUE(holds(text, "| ppt | 25.0 ± 0.0 |\n")) << text;
  EXPECT_TRUE(holds(text, "| rate | sst2 |\n| --- | ---: |\n| pt | 0.3 |\n| ppt | 0.05 |\n| ft | 0.3 |\n")) << text;
  EXPECT_TRUE(holds(latex_text(make_table(results, {})), "    ppt & 0.05 \\\\\n"));
}

TEST(Table, HasAColumnAShotNumber) {
  Results results;
  for (const std::int64_t shots : {0, 64, 32}) results.cells.push_back(make_cell({"cb", "pt", shots, 0.3, 1}, 0, 0.5));
  EXPECT_TRUE(holds(markdown_text(make_table(results, {})), "| method | cb (32) | cb (64) | cb (all) |\n"));
}

TEST(Table, ReportsTheMeasureAskedFor) {
  Results results;
  add_cells(results, "cb", "pt", {0.5});
  results.cells[0].test.accuracy = 0.75;
  EXPECT_TRUE(holds(markdown_text(make_table(results, {Measure::accuracy, ""})), "| pt | **75.0** |\n"));
  EXPECT_TRUE(holds(markdown_text(make_table(results, {Measure::accuracy, ""})), "accuracy among the label words"));
}

TEST(Table, NamesWhatDoesNotHold) {
  EXPECT_EQ(message_of([] {
              make_table(three_methods(), {Measure::accuracy, "pl"});
            }),
            "the reference 'pl' is no method of these results; name one of them: pt, ppt, ft");
  Results twice = three_methods();
  twice.cells.push_back(twice.cells[0]);
  EXPECT_EQ(message_of([&] { make_table(twice, {}); }),
            "'the results': the cell sst2/pt/shots-32/rate-0.3/seed-10 stands twice; keep one");
}

}  // namespace
}  // namespace prelude::test
