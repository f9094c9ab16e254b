#pragma once

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace prelude {

// What progress is drawn on.
struct Screen {
  std::FILE* stream;
  bool redraws;  // a terminal that understands carriage returns
  bool colours;  // redraws, and NO_COLOR is not set (https://no-color.org)
  std::size_t columns;

  static Screen standard_error();
};

// One line that changes: drawn over itself on a terminal (at most ten times a second), a new line now and then in a log
// or pipe. Every word of a run goes through one of these, so that messages and progress do not overwrite each other.
class LiveLine {
 public:
  using Clock = std::chrono::steady_clock;
  // A label (dimmed where there are colours) and a value padded by the caller.
  using Fields = std::vector<std::pair<std::string, std::string>>;

  // `log_interval`: between two lines where the screen cannot redraw.
  explicit LiveLine(Screen screen, std::chrono::duration<double> log_interval = std::chrono::seconds(10));
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;
  ~LiveLine();  // ends a drawn line

  // Draws if it is time; `now` is for tests.
  void show(const Fields& fields, Clock::time_point now = Clock::now());
  // Draws now, and leaves the line standing.
  void keep(const Fields& fields, Clock::time_point now = Clock::now());
  // A message on a line of its own, whatever it holds (core/io/printable.h).
  void message(const std::string& text);
  // The line as drawn; fields that do not fit in `columns` are left out, from the right.
  static std::string render(const Fields& fields, bool colours, std::size_t columns);

 private:
  void draw(const Fields& fields);
  void clear();

  Screen screen_;
  Clock::duration interval_;
  Clock::time_point next_{};
  bool drawn_ = false;  // the cursor stands behind a line that may be drawn over
};

}  // namespace prelude
