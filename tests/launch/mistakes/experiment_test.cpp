// Mistakes in an experiment.
#include <gtest/gtest.h>

#include "core/io/npy.h"
#include "tests/launch/commands/experiment_bench.h"
#include "tests/launch/mistakes/workshop.h"

namespace prelude::test {
namespace {

TEST(ExperimentMistakes, InWhatIsGiven) {
  const ExperimentBench bench;
  const auto with = [&](const ExperimentBench::Options& more) { return bench.arguments("out", more); };
  const auto rows = [&](const std::string& file) { return with({{"--rows", {file}}}); };
  write_npy(bench.path("wide.npy"), {2, 7}, std::vector<float>(14, 0.5F));
  expect_mistakes({
      {"an unknown data set", with({{"--data", {"film=" + bench.path("films")}}}), {"'film'", "films", "--rows"}},
      {"no folder", with({{"--data", {"films"}}}), {"'films' is not NAME=DIR"}},
      {"a missing folder", with({{"--data", {"films=" + bench.path("none")}}}), {"none' is no folder"}},
      {"a data set twice",
       with({{"--data", {"films=" + bench.path("films"), "films=" + bench.path("films") + "/."}}}),
       {"'films' is given twice"}},
      {"an unknown method", with({{"--methods", {"pt", "pppt"}}}), {"'pppt'", "hybrid-ppt"}},
      {"a method twice", with({{"--methods", {"pt", "pt"}}}), {"--methods: 'pt' is given twice"}},
      {"no pre-trained prompt", with({{"--prompt-cls", {}}}), {"ppt on films", "--prompt-cls"}},
      {"a prompt of another width", with({{"--prompt-cls", {bench.path("wide.npy")}}}), {"--prompt-cls", "7", "64"}},
      {"a form that the row has not", with({{"--methods", {"lm-pt"}}}), {"films", "lm"}},
      {"a rate of nothing", with({{"--prompt-rates", {"0"}}}), {"--prompt-rates", "more than 0"}},
      {"a rate that is no number", with({{"--prompt-rates", {"fast"}}}), {"--prompt-rates", "'fast'"}},
      {"shots of nothing", with({{"--shots", {"0"}}}), {"--shots"}},
      {"a seed that is no number", with({{"--seeds", {"ten"}}}), {"--seeds", "'ten'"}},
      {"a reference that is not there", with({{"--reference", {"ft"}}}), {"--reference: 'ft'"}},
      {"no room", with({{"--max-source", {"4"}}}), {"films", "raise --max-source"}},
      {"a row with an unknown key", rows(bench.row("a.ini", "pretext", "pretex = cls")), {"a.ini line 12", "pretext"}},
      {"a template with an unknown field", rows(bench.row("b.ini", "pt", "pt = {text}<X>")), {"b.ini", "text"}},
      {"a template without an answer", rows(bench.row("c.ini", "pt", "pt = {review}")), {"c.ini", "pt"}},
      {"no labels", rows(bench.row("d.ini", "labels", "")), {"d.ini", "labels"}},
      {"one word for two labels",
       rows(bench.row("e.ini", "labels", "labels = false -> bad\nlabels = true -> bad")),
       {"e.ini", "bad"}},
      {"a label without a piece",
       rows(bench.row("f.ini", "labels", "labels = false -> bad\nlabels = true -> \u7535")),
       {"films"}},
      {"a label that is none of the row's",
       rows(bench.row("g.ini", "labels", "labels = no -> bad\nlabels = yes -> good")),
       {"train.jsonl", "no, yes"}},
      {"a missing field", rows(bench.row("h.ini", "label-field", "label-field = stars")), {"train.jsonl", "stars"}},
  });
}

}  // namespace
}  // namespace prelude::test
