#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <optional>

#include "core/delta/prompt_file.h"
#include "core/io/checksum.h"
#include "core/io/safetensors.h"
#include "dist/text.h"
#include "launch/backbone_identity.h"
#include "launch/commands/corpus.h"
#include "launch/label/label_options.h"
#include "launch/label/label_summary.h"
#include "launch/label/labeller.h"
#include "launch/micro_tokens.h"
#include "launch/standard_output.h"
#include "launch/telemetry/progress.h"
#include "launch/train/stop_signal.h"
#include "launch/version.h"
#include "tasks/corpus/labelled_copy.h"

namespace prelude {
namespace {

std::string prompt_hash(const std::string& path) {
  if (path.empty()) return "none";
  const at::Tensor rows = read_prompt(path).rows.contiguous();
  return xxh3_128(rows.const_data_ptr(), rows.nbytes());
}

// All that the labels depend on, but for the last bits: those also depend on device, threads and tensor parallelism.
NamedValues provenance(const CorpusLabelOptions& options, const Corpus& corpus, const Labeller& labeller,
                       const BackboneIdentity& backbone) {
  return {{"corpus", xxh3_128_of_file(corpus.folder() + "/corpus.json")},
          {"backbone", backbone.weights},
          {"backbone-config", backbone.config},
          {"backbone-tokenizer", backbone.tokenizer},
          {"prompt", prompt_hash(options.prompt)},
          {"template", options.text},
          {"label-words", fmt::format("{}", fmt::join(label_words_of(options), " "))},
          {"max-source", fmt::format("{}", max_source_of(options))},
          {"sentences", fmt::format("{}", labeller.wanted())},
          {"seed", fmt::format("{}", options.seed)},
          {"dtype", options.session.dtype},
          {"micro-tokens", options.micro_tokens},
          {"batch-size", fmt::format("{}", options.batch_size)},
          {"revision", revision()}};
}

// --micro-tokens as a number: `auto` is what an earlier run on the folder settled on, so that it goes on alike.
// `recorded`: of rank 0.
void settle_micro_tokens(CorpusLabelOptions& options, const std::optional<std::string>& recorded,
                         const LoadedModel& loaded, const Session& session, const Ranks& ranks) {
  const std::string found = broadcast_text(ranks.world().group(), recorded.value_or(""));
  if (options.micro_tokens == auto_micro_tokens && !found.empty()) options.micro_tokens = found;
  const ExampleShape shape{loaded.prompt_rows(), max_source_of(options), 2};
  options.micro_tokens = settled_micro_tokens(options.micro_tokens, loaded.model(), shape, session, ranks);
}

// Whether any rank was asked to stop. A collective.
bool any_stops(const StopSignal& signal, Communicator& group) {
  at::Tensor votes = at::full({1}, signal.requested() ? 1 : 0, at::kLong);
  group.all_reduce_sum(votes);
  return votes.item<std::int64_t>() > 0;
}

// False where a signal stopped it. `copy`: on the first rank.
bool label_shards(const Corpus& corpus, const Labeller& labeller, const MicroBatchLimits& limits, LabelledCopy* copy,
                  const Ranks& ranks) {
  Communicator& group = ranks.world().group();
  const StopSignal signal;
  const std::string first = broadcast_text(group, copy == nullptr ? "" : fmt::format("{}", copy->next_shard()));
  std::int64_t before = 0;  // drawn sentences of earlier shards of this run
  std::int64_t total = 0;
  const std::size_t shards = corpus.manifest().shards.size();
  const std::size_t begin = std::stoul(first);
  for (std::size_t i = begin; i < shards; ++i) total += labeller.drawn_of(sentences_of_shard(corpus, i));
  std::optional<ProgressBar> bar;
  if (copy != nullptr && begin < shards) bar.emplace("labelling", "sentences", total);
  for (std::size_t i = begin; i < shards; ++i) {
    if (copy != nullptr) copy->check_source();
    const SentenceRange sentences = sentences_of_shard(corpus, i);
    const auto labels = labeller.label(sentences, limits, [&](std::size_t done) {
      if (bar) bar->update(before + static_cast<std::int64_t>(done));
      return any_stops(signal, group);
    });
    if (!labels) return false;
    if (copy != nullptr) copy->add_shard(*labels);
    before += labeller.drawn_of(sentences);
  }
  if (bar) bar->finish();
  return true;
}

int run(const CorpusLabelOptions& given, World& world) {
  CorpusLabelOptions options = given;
  parse_micro_tokens(options.micro_tokens);
  const Session session = open_session(options.session, options.ranks, world);
  const Ranks ranks(options.ranks, session, world);
  const Corpus corpus = Corpus::open(options.corpus);
  require_same_content(world, fmt::format("corpus '{}'", options.corpus),
                       xxh3_128_of_file(options.corpus + "/corpus.json"));
  const auto copy = world.first() ? std::make_unique<LabelledCopy>(options.output, corpus) : nullptr;
  const LoadedModel loaded = LoadedModel::load(options.backbone, options.prompt, session, ranks);
  const Labeller labeller(options, corpus, loaded);
  settle_micro_tokens(options, copy ? copy->recorded("micro-tokens") : std::nullopt, loaded, session, ranks);
  const std::string tokenizer = loaded.tokenizer() == nullptr ? "" : loaded.tokenizer()->sha256();
  const BackboneIdentity backbone =
      backbone_identity(options.backbone, open_safetensors_folder(options.backbone), loaded.config(), tokenizer, world);
  const std::string before = copy ? copy->recorded("revision").value_or(revision()) : revision();
  if (before != revision()) {
    fmt::print(stderr,
               "note: the shards that are there were labelled by another revision of the program ({}; this is {})\n",
               before, revision());
  }
  if (copy) copy->begin(provenance(options, corpus, labeller, backbone));
  const bool was_complete = copy && copy->next_shard() == corpus.manifest().shards.size();
  const MicroBatchLimits limits = micro_batch_limits(options.micro_tokens, options.batch_size, loaded.prompt_rows(),
                                                     loaded.config(), session.device);
  if (!label_shards(corpus, labeller, limits, copy.get(), ranks)) {
    if (copy) print_out("{}: stopped, run again to continue at shard {}\n", options.output, copy->next_shard());
    return exit_stopped;
  }
  if (!copy) return exit_done;
  copy->finish();
  print_label_summary(options, was_complete ? "already complete: " : "");
  return exit_done;
}

}  // namespace

Command corpus_label_command() {
  return make_command<CorpusLabelOptions>(
      "corpus label", "pseudo-labels for task cls, out of a prompt that classifies sentences", declare, run);
}

}  // namespace prelude
