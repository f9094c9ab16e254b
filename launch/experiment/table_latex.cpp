#include <fmt/format.h>

#include "launch/experiment/text_grid.h"

namespace prelude {
namespace {

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : one_line(text)) {
    switch (c) {
      case '\\':
        result.append("\\textbackslash{}");
        break;
      case '~':
        result.append("\\textasciitilde{}");
        break;
      case '^':
        result.append("\\textasciicircum{}");
        break;
      case '<':  // < and > are other letters in LaTeX's oldest font encoding
        result.append("\\textless{}");
        break;
      case '>':
        result.append("\\textgreater{}");
        break;
      case '&':
      case '%':
      case '$':
      case '#':
      case '_':
      case '{':
      case '}':
        result.push_back('\\');
        [[fallthrough]];
      default:
        result.push_back(c);
    }
  }
  return result;
}

constexpr Markup markup{"\\textbf{", "}", "$\\pm$", "$<$", "$^{\\dagger}$", "$^{\\ddagger}$", escaped};

std::string line(const TextRow& row) { return fmt::format("    {} \\\\\n", fmt::join(row, " & ")); }

// A table wider than the text shrinks to it.
std::string layout(const TextGrid& grid) {
  std::string text = "  \\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n";
  text.append(fmt::format("  \\begin{{tabular}}{{l{}}}\n    \\toprule\n", std::string(grid.head.size() - 1, 'c')));
  text.append(line(grid.head)).append("    \\midrule\n");
  for (const TextRow& row : grid.methods) text.append(line(row));
  if (!grid.baselines.empty()) text.append("    \\midrule\n");
  for (const TextRow& row : grid.baselines) text.append(line(row));
  return text.append("    \\bottomrule\n  \\end{tabular}}\n");
}

}  // namespace

std::string latex_text(const ResultTable& table) {
  std::string text = "% needs \\usepackage{booktabs,graphicx}\n\\begin{table}\n  \\centering\n";
  text.append(layout(value_texts(table, markup)));
  std::vector<std::string> caption = notes(table, markup, "Bold");
  const TextGrid rates = rate_texts(table, markup);
  if (!rates.methods.empty()) {
    text.append("\n  \\medskip\n").append(layout(rates));
    caption.emplace_back("The second table has the rates, chosen by the mean over seeds on the dev examples.");
  }
  return text.append(fmt::format("  \\caption{{{}}}\n\\end{{table}}\n", fmt::join(caption, " ")));
}

}  // namespace prelude
