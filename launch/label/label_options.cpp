#include "launch/label/label_options.h"

#include "launch/micro_tokens.h"
#include "tasks/pretext/label_words.h"
#include "tasks/pretext/make_pretext_task.h"

namespace prelude {

void declare(OptionTable& table, CorpusLabelOptions& options) {
  table.add("corpus", options.corpus, "DIR", "The corpus folder; it has no labels and stays as it is.")
      .positional()
      .required();
  table.add("backbone", options.backbone, "DIR", "Backbone folder in Hugging Face's layout.").required();
  table.add("prompt", options.prompt, "PROMPT",
            "A classifier's prompt (a PEFT folder, .npy or .pt); without it, the bare backbone classifies.");
  table
      .add("output", options.output, "DIR",
           "The labelled corpus. Run again on the same folder, an interrupted labelling continues.")
      .required();
  table.add("template", options.text, "TEXT",
            "What the model reads: {sentence} once, <extra_id_0> once. The decoder answers behind <extra_id_0>.");
  table
      .add("label-words", options.label_words, "WORD",
           "Five words, of the classes 0 to 4; terrible bad maybe good great unless given.")
      .words()
      .exactly(5);
  table
      .add("max-source", options.max_source, "N",
           "Encoder positions, prompt rows included; a longer sentence is cut. 0: as in task cls, 368.")
      .at_least(0)
      .at_most(1 << 16);
  table
      .add("confidence", options.confidence, "X",
           "Thresholds of the five classes, for the summary; `prelude pretrain --task cls` has its own.")
      .exactly(5)
      .at_least(0)
      .below(1);
  table.add("limit", options.limit, "N", "Label this many sentences, drawn with --seed; 0: all.").at_least(0);
  table.add("fraction", options.fraction, "X", "Label this share of the sentences, drawn with --seed.")
      .above(0)
      .at_most(1);
  table.add("seed", options.seed, "N", "Which sentences --limit and --fraction draw.");
  declare_micro_tokens(table, options.micro_tokens);
  table.add("batch-size", options.batch_size, "N", "Sentences computed at once, at most, beside --micro-tokens.")
      .at_least(1)
      .at_most(1 << 12);
  declare_session(table, options.session);
  declare_ranks(table, options.ranks);
}

std::int64_t max_source_of(const CorpusLabelOptions& options) {
  return options.max_source == 0 ? default_max_source("cls") : options.max_source;
}

const std::vector<std::string>& label_words_of(const CorpusLabelOptions& options) {
  return options.label_words.empty() ? cls_words() : options.label_words;
}

}  // namespace prelude
