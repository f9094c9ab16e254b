#include <fmt/format.h>

#include <memory>
#include <optional>

#include "launch/commands/corpus.h"
#include "launch/rank_workers.h"
#include "launch/ranks.h"
#include "launch/standard_output.h"
#include "launch/telemetry/progress.h"
#include "tasks/corpus/verify.h"

namespace prelude {
namespace {

struct CorpusVerifyOptions {
  std::string corpus;
  double collective_timeout = 600;  // seconds
};

void declare(OptionTable& table, CorpusVerifyOptions& options) {
  table.add("corpus", options.corpus, "DIR", "The corpus folder.").positional().required();
  declare_collective_timeout(table, options.collective_timeout);
}

int run(const CorpusVerifyOptions& options, World& world) {
  if (!world.first()) {
    const std::string who = fmt::format("rank {} on host {}", world.rank(), world.host());
    serve_far_work(1, [&] { return verify_service(options.corpus, who); });
    return exit_done;
  }
  const std::unique_ptr<RankWorkers> far = world.alone() ? nullptr : std::make_unique<RankWorkers>();
  std::optional<ProgressBar> bar;
  const auto progress = [&](std::size_t done, std::size_t shards) {
    if (!bar) bar.emplace("verifying", "shards", static_cast<std::int64_t>(shards));
    if (done > 0) bar->update(static_cast<std::int64_t>(done));
  };
  const Manifest manifest = verify_corpus(options.corpus, progress, far.get());
  bar->finish();
  const ShardEntry sum = sum_of(manifest.shards);
  print_out("{}: sound; {} shards, {} documents, {} sentences, {} tokens\n", options.corpus, manifest.shards.size(),
            sum.documents, sum.sentences, sum.tokens);
  return exit_done;
}

}  // namespace

Command corpus_verify_command() {
  return make_command<CorpusVerifyOptions>(
      "corpus verify", "every checksum and structure of a corpus; names the first bad shard", declare, run);
}

}  // namespace prelude
