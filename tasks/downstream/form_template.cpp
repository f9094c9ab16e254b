#include "tasks/downstream/form_template.h"

#include <string_view>
#include <utility>

#include "core/error.h"

namespace prelude {
namespace {

constexpr std::string_view kSentinels[] = {"<X>", "<extra_id_0>"};
constexpr std::string_view kControls[] = {"</s>", "<s>", "<pad>", "<unk>", "<extra_id_"};

class TemplateParser {
 public:
  TemplateParser(std::string_view text, const std::string& where) : rest_(text), text_(text), where_(where) {}

  std::vector<TemplatePart> parts() {
    while (!rest_.empty()) step();
    end_text();
    return std::move(parts_);
  }

 private:
  void step() {
    const char c = rest_.front();
    if (c == '{') return named();
    if (c == '[') return add(TemplatePart::Kind::piece, bracketed(']'));
    if (c == '|') {
      rest_.remove_prefix(1);
      return add(TemplatePart::Kind::separator, "");
    }
    require(c != '}' && c != ']', "{}: '{}' has a '{}' that nothing opens", where_, text_, c);
    for (const auto sentinel : kSentinels) {
      if (!rest_.starts_with(sentinel)) continue;
      rest_.remove_prefix(sentinel.size());
      return add(TemplatePart::Kind::sentinel, "");
    }
    for (const auto control : kControls) {
      require(!rest_.starts_with(control),
              "{}: '{}' writes out the control piece {}; <X> is the only one of a template", where_, text_,
              rest_.substr(0, rest_.find('>') + 1));
    }
    plain_.push_back(c);
    rest_.remove_prefix(1);
  }

  void named() {
    const std::string name = bracketed('}');
    if (name == "options") return add(TemplatePart::Kind::options, "");
    add(TemplatePart::Kind::field, name);
  }

  // What stands between the bracket that `rest_` begins with and `close`.
  std::string bracketed(char close) {
    const std::size_t end = rest_.find(close);
    require(end != std::string_view::npos, "{}: '{}' has a '{}' without '{}'", where_, text_, rest_.front(), close);
    std::string inside(rest_.substr(1, end - 1));
    require(!inside.empty() && inside.find_first_of("{[|<> \t") == std::string::npos,
            "{}: '{}' has '{}', which holds no single name or piece", where_, text_, rest_.substr(0, end + 1));
    rest_.remove_prefix(end + 1);
    return inside;
  }

  void add(TemplatePart::Kind kind, const std::string& text) {
    end_text();
    parts_.push_back({kind, text});
  }

  void end_text() {
    if (!plain_.empty()) parts_.push_back({TemplatePart::Kind::text, plain_});
    plain_.clear();
  }

  std::string_view rest_;
  std::string_view text_;
  const std::string& where_;
  std::string plain_;
  std::vector<TemplatePart> parts_;
};

// White space between a text and what separates it: without it a field beside it stands by itself.
std::vector<TemplatePart> trimmed(std::vector<TemplatePart> parts) {
  constexpr const char* kSpaces = " \t";
  const auto is_field = [&](std::size_t i) { return i < parts.size() && parts[i].kind == TemplatePart::Kind::field; };
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::string& text = parts[i].text;
    if (parts[i].kind != TemplatePart::Kind::text) continue;
    if (!is_field(i + 1)) text.erase(text.find_last_not_of(kSpaces) + 1);
    if (i == 0 || !is_field(i - 1)) text.erase(0, text.find_first_not_of(kSpaces));
  }
  std::erase_if(parts,
                [](const TemplatePart& part) { return part.kind == TemplatePart::Kind::text && part.text.empty(); });
  return parts;
}

}  // namespace

std::vector<TemplatePart> parse_template(const std::string& text, const std::string& where) {
  return trimmed(TemplateParser(text, where).parts());
}

}  // namespace prelude
