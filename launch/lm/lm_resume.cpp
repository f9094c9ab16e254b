#include "launch/lm/lm_resume.h"

#include <array>
#include <string_view>

#include "launch/resume_rules.h"

namespace prelude {
namespace {

constexpr std::array<std::string_view, 15> free_to_change{"backbone",
                                                          "init",
                                                          "tokenizer",
                                                          "corpus",
                                                          "output",
                                                          "checkpoint-every",
                                                          "checkpoint-seconds",
                                                          "keep",
                                                          "samples",
                                                          "tensor-across-hosts",
                                                          "recompute",
                                                          "export-dtype",
                                                          "collective-timeout",
                                                          "write-windows",
                                                          "restart"};
constexpr std::array<std::string_view, 4> change_rounding{"threads", "micro-tokens", "tensor-parallel", "collectives"};

}  // namespace

std::vector<std::string> check_changes(const RunFolder& folder, const LmOptions& options, const World& world) {
  if (!world.first() || !folder.used()) return {};
  LmOptions before;
  LmOptions now = options;
  OptionTable before_table("lm", "");
  OptionTable now_table("lm", "");
  declare(before_table, before);
  declare(now_table, now);
  return check_changes(folder, before_table, now_table, {free_to_change, change_rounding, "--backbone {}/backbone"});
}

std::string recorded_lm_value(const RunFolder& folder, const World& world, const std::string& option) {
  LmOptions recorded;
  OptionTable table("lm", "");
  declare(table, recorded);
  return recorded_value(folder, world, table, option);
}

}  // namespace prelude
