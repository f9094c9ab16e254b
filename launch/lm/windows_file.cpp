#include "launch/lm/windows_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

#include "core/io/output_file.h"

namespace prelude {

void write_windows(const std::string& path, const PretextTask& objective, std::int64_t count) {
  std::string text;
  const std::uint64_t windows = std::min(static_cast<std::uint64_t>(count), objective.validation_anchors());
  for (std::uint64_t i = 0; i < windows; ++i) {
    const Example example = objective.validation_sample(i);
    text += fmt::format("{{\"source_ids\": [{}], \"target_ids\": [{}]}}\n", fmt::join(example.source, ", "),
                        fmt::join(std::span(example.target).subspan(1), ", "));
  }
  write_new_file(path, text, "--write-windows");
}

}  // namespace prelude
