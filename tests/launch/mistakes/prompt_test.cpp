// Mistakes in prompts, and in what is asked of them.
#include <gtest/gtest.h>

#include <limits>

#include "core/io/npy.h"
#include "tests/launch/mistakes/workshop.h"

namespace prelude::test {
namespace {

class PromptMistakes : public testing::Test {
 protected:
  std::string golden(const std::string& name) { return PRELUDE_SOURCE_DIR "/tests/data/" + name; }
  std::string rows(const std::string& name, std::int64_t width, float value) {
    write_npy(shop_.path(name), {2, width}, std::vector<float>(static_cast<std::size_t>(2 * width), value));
    return shop_.path(name);
  }
  std::vector<std::string> import(const std::string& input, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"import", "--input", input, "--output", shop_.path("imported")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  Workshop shop_;
};

TEST_F(PromptMistakes, OfKind) {
  const std::string good = shop_.prompt();
  const std::string run = shop_.folder("run");
  shop_.copy(good, "run/prompt");
  const auto changed = [&](const std::string& name, const std::string& field, const nlohmann::json& value) {
    return import(shop_.with_field(good, name, "adapter_config.json", field, value));
  };
  expect_mistakes({
      {"no such prompt", import(shop_.path("none")), {"no prompt at", "none", ".npy"}},
      {"a run in place of its prompt", import(run), {"run' is not a prompt; did you mean '", "run/prompt'?"}},
      {"a text file", import(shop_.file("prompt.txt", "please")), {"prompt.txt' is no prompt"}},
      {"a folder of something else",
       import(shop_.folder("empty")),
       {"empty' is no prompt folder", "adapter_config.json"}},
      {"another adapter", changed("lora", "peft_type", "LORA"), {"lora/adapter_config.json", "LORA", "PROMPT_TUNING"}},
      {"for another kind of model", changed("causal", "task_type", "CAUSAL_LM"), {"CAUSAL_LM", "SEQ_2_SEQ_LM"}},
      {"rows that do not agree", changed("rows", "num_virtual_tokens", 3), {"4 rows", "num_virtual_tokens 3"}},
      {"a width that does not agree", changed("width", "token_dim", 3), {"token_dim 3"}},
      {"weights cut short",
       import(shop_.with_cut(good, "cut", "adapter_model.safetensors", 0.5)),
       {"cut/adapter_model.safetensors"}},
  });
}

TEST_F(PromptMistakes, OfNumbers) {
  const std::string wide = rows("wide.npy", 7, 0.5F);
  expect_mistakes({
      {"not a number",
       import(rows("nan.npy", 3, std::numeric_limits<float>::quiet_NaN())),
       {"nan.npy", "row 0, column 0 is nan"}},
      {"integers", import(golden("npy/little-i4.npy")), {"'<i4'", "astype"}},
      {"Fortran order", import(golden("npy/fortran.npy")), {"Fortran order", "ascontiguousarray"}},
      {"a pickle that runs something",
       import(golden("pt/malicious.pt")),
       {"malicious.pt", "posix.system", "nothing is ever run"}},
      {"two tensors", import(golden("pt/two-tensors.pt")), {"holds 2 entries", "torch.save"}},
      {"a scale that is none", import(wide, {"--scale", "nan"}), {"--scale", "not a finite number"}},
      {"a scale too large", import(wide, {"--scale", "1e300"}), {"--scale", "1e300 is out of range"}},
      {"numbers too large for the scale",
       import(rows("large.npy", 3, 1e30F), {"--scale", "1e18"}),
       {"too large for float32", "--scale"}},
      {"another width than the backbone",
       import(wide, {"--backbone", shop_.backbone()}),
       {"is 7 wide but the backbone", "made for this backbone"}},
      {"pre-training from another width",
       shop_.pretrain("r", {"--from", wide, "--prompt-length", "2"}),
       {"is 7 wide but the backbone"}},
      {"pre-training from other rows",
       shop_.pretrain("r", {"--from", shop_.prompt(), "--prompt-length", "5"}),
       {"--prompt-length"}},
  });
}

TEST_F(PromptMistakes, OfOutput) {
  const std::string good = shop_.prompt();
  expect_mistakes({
      {"a file of another kind",
       {"export", "--prompt", good, "--output", shop_.file("x.txt", "x")},
       {"x.txt", ".npy or .pt"}},
      {"a folder that is not there",
       {"export", "--prompt", good, "--output", shop_.path("no/such/x.npy")},
       {"no/such/x.npy", "No such file"}},
      {"a folder that cannot be made", {"export", "--prompt", good, "--output", "/proc/prompt"}, {"/proc/prompt"}},
      {"a full disk", {"export", "--prompt", good, "--output", shop_.path("x.npy")}, {"x.npy", "File too large"}, 100},
  });
}

}  // namespace
}  // namespace prelude::test
