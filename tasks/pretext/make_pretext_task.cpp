#include "tasks/pretext/make_pretext_task.h"

#include <array>

#include "core/error.h"
#include "tasks/pretext/cls.h"
#include "tasks/pretext/corpus_tokenizer.h"
#include "tasks/pretext/nsp.h"
#include "tasks/pretext/option_task.h"

namespace prelude {
namespace {

using Make = std::unique_ptr<PretextTask> (*)(const Corpus&, const Tokenizer&, const PretextOptions&);

struct Row {
  const char* name;
  std::int64_t max_source;
  Make make;
};

const std::array<Row, 4> table{{
    {"nsp", 512,
     [](const Corpus& corpus, const Tokenizer& tokenizer, const PretextOptions& options)
         -> std::unique_ptr<PretextTask> { return std::make_unique<NspTask>(corpus, tokenizer, options); }},
    {"nss", 1024,
     [](const Corpus& corpus, const Tokenizer& tokenizer,
        const PretextOptions& options) -> std::unique_ptr<PretextTask> {
       return std::make_unique<OptionTask>("nss", corpus, tokenizer, options, nss_budgets(), 5);
     }},
    {"unified", 768,
     [](const Corpus& corpus, const Tokenizer& tokenizer,
        const PretextOptions& options) -> std::unique_ptr<PretextTask> {
       return std::make_unique<OptionTask>("unified", corpus, tokenizer, options, unified_budgets(), 6);
     }},
    {"cls", 368,
     [](const Corpus& corpus, const Tokenizer& tokenizer, const PretextOptions& options)
         -> std::unique_ptr<PretextTask> { return std::make_unique<ClsTask>(corpus, tokenizer, options); }},
}};

const Row& find_task(const std::string& name) {
  for (const Row& row : table) {
    if (name == row.name) return row;
  }
  fail("--task {}: there is no such task; known: {}", name, fmt::join(pretext_task_names(), ", "));
}

}  // namespace

const std::vector<std::string>& pretext_task_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    all.reserve(table.size());
    for (const Row& row : table) all.emplace_back(row.name);
    return all;
  }();
  return names;
}

std::int64_t default_max_source(const std::string& task) { return find_task(task).max_source; }

std::unique_ptr<PretextTask> make_pretext_task(const std::string& name, const Corpus& corpus,
                                               const Tokenizer& tokenizer, PretextOptions options) {
  const Row& row = find_task(name);
  require_tokenizer(corpus, tokenizer);
  if (options.max_source == 0) options.max_source = row.max_source;
  return row.make(corpus, tokenizer, options);
}

}  // namespace prelude
