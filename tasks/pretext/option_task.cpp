#include "tasks/pretext/option_task.h"

#include <algorithm>
#include <utility>

#include "tasks/pretext/label_words.h"

namespace prelude {
namespace {

std::vector<std::int32_t> letter_ids(const Tokenizer& tokenizer, const std::string& task,
                                     const std::vector<OptionBudget>& budgets, const PretextOptions& options) {
  std::int64_t most = 0;
  for (const OptionBudget& budget : budgets) most = std::max(most, budget.options());
  return label_word_ids(tokenizer, task, option_letters(static_cast<std::size_t>(most)), options.label_words,
                        WordMark::bare);
}

// An other document gives up to a quarter of the other-document negatives, rounded up (PPT asks for one sentence more
// than the quarter rounded down).
DocumentFilter other_filter(const OptionBudget& budget, bool discard_short) {
  return {budget.from_others() / 4 + 1, discard_short};
}

// Puts the options in random order; returns where the first one went.
std::size_t shuffle(std::vector<Tokens>& options, RandomStream& stream) {
  std::size_t first = 0;
  for (std::size_t last = options.size() - 1; last > 0; --last) {
    const std::size_t with = static_cast<std::size_t>(stream.below(last + 1));
    std::swap(options[last], options[with]);
    if (first == last) {
      first = with;
    } else if (first == with) {
      first = last;
    }
  }
  return first;
}

}  // namespace

OptionTask::OptionTask(const std::string& name, const Corpus& corpus, const Tokenizer& tokenizer,
                       const PretextOptions& options, const std::vector<OptionBudget>& budgets,
                       std::int64_t min_sentences)
    : AnchoredTask(name, corpus, options,
                   Answer(tokenizer, options.start_id, letter_ids(tokenizer, name, budgets, options),
                          options.quirks.final_sentinel)),
      budgets_(budgets),
      layout_(tokenizer, label_ids()),
      main_filter_{min_sentences, options.quirks.discard_documents},
      quirks_(options.quirks) {
  std::int64_t least_room = 0;
  for (const OptionBudget& budget : budgets_) {
    least_room = std::max(least_room, layout_.fixed_ids(budget.options()) + budget.options() + 1);
    const std::size_t others = quirks_.self_meeting ? 0 : budget.other_documents();
    const DocumentFilter filter = other_filter(budget, quirks_.discard_documents);
    require_documents(this->corpus(), split().training, this->name(), main_filter_, filter,
                      static_cast<std::int64_t>(others));
    require_documents(this->corpus(), split().validation, this->name(), main_filter_, filter,
                      static_cast<std::int64_t>(others));
  }
  require_room(least_room);
}

std::int32_t OptionTask::draw_choice(RandomStream& stream) const {
  return static_cast<std::int32_t>(stream.below(budgets_.size()));
}

bool OptionTask::add_negatives(std::int64_t count, const OptionBudget& budget, const Neighbourhood& around,
                               const std::function<std::int64_t()>& draw, std::vector<Tokens>& options) const {
  constexpr int most_tries = 200;
  std::vector<std::int64_t> drawn;
  for (int tries = 0; static_cast<std::int64_t>(drawn.size()) < count; ++tries) {
    if (tries == most_tries) return false;
    const std::int64_t sentence = draw();
    if (std::find(drawn.begin(), drawn.end(), sentence) != drawn.end()) continue;
    Tokens shown = corpus().sentence(sentence).take(budget.option);
    if (shown.empty()) continue;
    if (!quirks_.equal_negatives && around.reads_like_neighbour(shown)) continue;
    drawn.push_back(sentence);
    options.push_back(std::move(shown));
  }
  return true;
}

bool OptionTask::add_other_documents(const Place& place, const OptionBudget& budget, const Neighbourhood& around,
                                     RandomStream& documents, RandomStream& stream,
                                     std::vector<Tokens>& options) const {
  const auto others =
      draw_other_documents(corpus(), place.part, other_filter(budget, quirks_.discard_documents), around.document(),
                           budget.other_documents(), quirks_.self_meeting, documents);
  if (!others) return false;
  for (std::size_t k = 0; k < others->size(); ++k) {
    const SentenceRange range = corpus().document((*others)[k]);
    const auto draw = [&] {
      return range.first + static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(range.size())));
    };
    if (!add_negatives(budget.others[k], budget, around, draw, options)) return false;
  }
  return true;
}

bool OptionTask::fit(const Neighbourhood& around, std::size_t right, Tokens& query,
                     std::vector<Tokens>& options) const {
  const auto limit = static_cast<std::size_t>(layout_.text_limit(query, options, room()));
  if (query.size() > limit) query.resize(limit);
  for (std::size_t k = 0; k < options.size(); ++k) {
    if (options[k].size() <= limit) continue;
    options[k].resize(limit);
    if (k != right && !quirks_.equal_negatives && around.reads_like_neighbour(options[k])) return false;
  }
  return true;
}

std::optional<Example> OptionTask::make(const Place& place, RandomStream& stream) const {
  const Neighbourhood around(corpus(), place.anchor);
  if (!main_filter_.accepts(corpus(), around.document())) return std::nullopt;
  RandomStream tuple(place.seed, Purpose::document, static_cast<std::uint64_t>(around.document()));
  const auto row = static_cast<std::size_t>(quirks_.shared_tuple ? draw_choice(tuple) : place.choice);
  const OptionBudget& budget = budgets_[row];

  Tokens query = corpus().sentence(place.anchor).take(budget.query);
  std::vector<Tokens> options{corpus().sentence(around.neighbour(stream)).take(budget.option)};
  if (query.empty() || options.front().empty()) return std::nullopt;
  const auto draw_distant = [&] { return around.distant(stream); };
  if (!add_negatives(budget.same, budget, around, draw_distant, options)) return std::nullopt;
  if (!add_other_documents(place, budget, around, quirks_.shared_tuple ? tuple : stream, stream, options)) {
    return std::nullopt;
  }

  std::size_t right = shuffle(options, stream);
  if (quirks_.equal_negatives) {  // PPT takes the first option that reads like the right one
    right = static_cast<std::size_t>(std::find(options.begin(), options.end(), options[right]) - options.begin());
  }
  if (!quirks_.nss_sentinel_cut && !fit(around, right, query, options)) return std::nullopt;

  Example example;
  example.source = layout_.source(query, options);
  const auto most = static_cast<std::size_t>(room());
  if (example.source.size() > most) example.source.resize(most);  // only with the quirk
  example.label = static_cast<std::int32_t>(right);
  example.options = static_cast<std::int32_t>(options.size());
  example.target = answer().target(example.label);
  return example;
}

}  // namespace prelude
