// One table per command that is its parser, its help text, its config-file schema and its page in docs/commands.md.
//
//   struct StatsOptions { std::string corpus; int bins = 20; };
//   void declare(OptionTable& table, StatsOptions& options) {
//     table.add("corpus", options.corpus, "DIR", "The corpus folder.").positional().required();
//     table.add("bins", options.bins, "N", "Bars of the histogram.").at_least(1).at_most(100);
//   }
#pragma once

#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "launch/config_file.h"
#include "launch/option_value.h"

namespace prelude {

// One option: `--name VALUE` on the command line, `name = VALUE` in a config file.
struct OptionRow {
  std::string name;
  std::string value_name;  // "DIR", "N"; empty: the choices, joined by '|'
  std::string help;        // sentences; the default is added by the printer
  std::string default_text;
  std::vector<std::string> allowed;
  bool is_flag = false;
  bool is_list = false;
  bool is_split = false;   // a list whose elements may stand together in one value: list_elements
  bool is_unique = false;  // a list that holds no value twice
  std::size_t count = 0;   // elements that a list must have; 0: any
  bool is_required = false;
  bool is_positional = false;
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;
  bool high_open = false;

  std::string condition;           // where the option counts: "--task cls"; empty: always
  std::function<bool()> counts{};  // whether it holds
  bool noted = false;              // where it does not hold, a note will do

  std::function<void(const std::string&)> set;      // appends to a list; throws UserError without a place
  std::function<void()> clear;                      // a list before its first element
  std::function<std::vector<std::string>()> texts;  // current value; empty where unset
  std::function<std::vector<double>()> numbers;     // current value or elements, of a numeric field; empty where unset

  OptionRow& required();
  OptionRow& positional();  // may also be given by name; a list takes all that is left
  OptionRow& choices(std::vector<std::string> names);
  OptionRow& words();   // a list of texts is split as lists of numbers are; without it, a value is one element
  OptionRow& unique();  // a list: no value twice
  OptionRow& exactly(std::size_t elements);  // a list, where it is given
  // The option does something only where `holds` says so after all options are read; elsewhere another value than the
  // default is refused on the command line, and noted of a config file. `text` says where: "--task cls". noted_with:
  // noted in both places.
  OptionRow& only_with(std::string text, std::function<bool()> holds);
  OptionRow& noted_with(std::string text, std::function<bool()> holds);
  OptionRow& at_least(double bound);
  OptionRow& above(double bound);
  OptionRow& at_most(double bound);
  OptionRow& below(double bound);
};

class OptionTable {
 public:
  // `command` as typed after `prelude`: "corpus build".
  OptionTable(std::string command, std::string summary);

  // A row bound to `field`, which outlives the table. Its value now is the default. Types: bool (a flag: --x, --no-x),
  // int, int64_t, uint64_t, double, std::string, std::optional of these (no default), and std::vector of these (a
  // list: the option may be given several times; numbers may also stand together in one value, separated by blanks or
  // commas). The reference stays valid while the table lives.
  template <typename T>
  OptionRow& add(const std::string& name, T& field, const std::string& value_name, const std::string& help);

  // The rows that `declare` adds count only where `holds` (OptionRow::only_with).
  void section(const std::string& condition, const std::function<bool()>& holds, const std::function<void()>& declare);

  // Sets the fields: config file (--config FILE) first, then the command line. Throws UserError naming the option, or
  // file and line, and the nearest known name where it is unknown.
  void parse(const std::vector<std::string>& arguments);
  // Sets the fields out of a config file alone; required rows may be missing.
  void parse_config(const std::string& path);
  // The same of a file's text; `path` is for messages.
  void parse_config_text(const std::string& path, const std::string& text);

  // What parse() found to be told, one line each: options that do nothing.
  const std::vector<std::string>& notes() const { return notes_; }

  // Current values as a config file that parse_config reads back; what is unset or empty is left out.
  std::string config_text() const;
  // Aligned, at most 100 columns wide.
  std::string help_text() const;
  // A section of docs/commands.md. keys_markdown: of a table whose rows stand in a file of their own, as KEY = VALUE.
  std::string markdown() const;
  std::string keys_markdown() const;

  // One that was added.
  OptionRow& row(const std::string& name) { return const_cast<OptionRow&>(std::as_const(*this).row(name)); }
  const OptionRow& row(const std::string& name) const;

  const std::string& command() const { return command_; }
  const std::string& summary() const { return summary_; }
  const std::deque<OptionRow>& rows() const { return rows_; }

 private:
  struct Given {
    std::string text;
    std::string place;  // "--steps", or "run.ini line 3: steps"
  };
  using Assignments = std::vector<std::vector<Given>>;  // one a row

  OptionRow& insert(OptionRow row);
  std::size_t index_of(const std::string& name) const;  // rows_.size() where unknown
  std::string nearest_name(const std::string& name) const;
  Assignments read_arguments(const std::vector<std::string>& arguments, std::string& config) const;
  Assignments assignments_of(const std::string& path, const std::vector<ConfigEntry>& entries) const;
  void apply(const Assignments& assignments);
  void check_conditions(const Assignments& assignments);

  std::string command_;
  std::string summary_;
  std::deque<OptionRow> rows_;
  std::vector<std::string> notes_;
};

namespace option_detail {
template <typename T>
struct is_optional : std::false_type {};
template <typename T>
struct is_optional<std::optional<T>> : std::true_type {};
template <typename T>
struct is_vector : std::false_type {};
template <typename T>
struct is_vector<std::vector<T>> : std::true_type {};

template <typename T>
std::vector<double> numbers_of(const T& field) {
  if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
    return {static_cast<double>(field)};
  } else if constexpr (is_optional<T>::value) {
    return field ? numbers_of(*field) : std::vector<double>{};
  } else if constexpr (is_vector<T>::value) {
    std::vector<double> numbers;
    for (const auto& element : field) {
      for (const double number : numbers_of(element)) numbers.push_back(number);
    }
    return numbers;
  } else {
    return {};
  }
}

template <typename T>
std::vector<std::string> texts_of(const T& field) {
  std::vector<std::string> texts;
  if constexpr (is_vector<T>::value) {
    for (const auto& element : field) texts.push_back(value_text(element));
  } else if constexpr (is_optional<T>::value) {
    if (field) texts.push_back(value_text(*field));
  } else {
    texts.push_back(value_text(field));
  }
  return texts;
}
}  // namespace option_detail

template <typename T>
OptionRow& OptionTable::add(const std::string& name, T& field, const std::string& value_name, const std::string& help) {
  OptionRow row;
  row.name = name;
  row.value_name = value_name;
  row.help = help;
  row.is_flag = std::is_same_v<T, bool>;
  row.is_list = option_detail::is_vector<T>::value;
  row.is_split = row.is_list && !std::is_same_v<T, std::vector<std::string>>;
  row.set = [&field](const std::string& text) { parse_value(text, field); };
  row.clear = [&field] {
    static_cast<void>(field);  // clang counts a capture that only some T use as unused
    if constexpr (option_detail::is_vector<T>::value) field.clear();
  };
  row.texts = [&field] { return option_detail::texts_of(field); };
  row.numbers = [&field] { return option_detail::numbers_of(field); };
  return insert(std::move(row));
}

}  // namespace prelude
