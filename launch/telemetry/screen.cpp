#include "launch/telemetry/screen.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <limits>

#include "core/io/printable.h"

namespace prelude {
namespace {

constexpr auto redraw_interval = std::chrono::milliseconds(100);
constexpr std::size_t usual_columns = 100;

std::size_t terminal_columns(int fd) {
  winsize size{};
  return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual_columns;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

Screen Screen::standard_error() {
  const int fd = fileno(stderr);
  const bool redraws = isatty(fd) == 1 && variable("TERM") != "dumb" && !variable("TERM").empty();
  return {stderr, redraws, redraws && variable("NO_COLOR").empty(), redraws ? terminal_columns(fd) : usual_columns};
}

LiveLine::LiveLine(Screen screen, std::chrono::duration<double> log_interval)
    : screen_(screen),
      interval_(screen.redraws ? Clock::duration(redraw_interval)
                               : std::chrono::duration_cast<Clock::duration>(log_interval)) {}

LiveLine::~LiveLine() {
  if (!drawn_) return;
  std::fputc('\n', screen_.stream);
  std::fflush(screen_.stream);
}

std::string LiveLine::render(const Fields& fields, bool colours, std::size_t columns) {
  std::string line;
  std::size_t width = 0;
  for (const auto& [label, value] : fields) {
    const std::size_t gap = width == 0 ? 0 : 2;
    const std::size_t between = label.empty() || value.empty() ? 0 : 1;
    const std::size_t field = label.size() + between + value.size();
    if (width + gap + field > columns) break;
    line.append(gap, ' ').append(colours ? fmt::format("\x1b[2m{}\x1b[0m", label) : label);
    line.append(between, ' ').append(value);
    width += gap + field;
  }
  return line;
}

void LiveLine::draw(const Fields& fields) {
  if (screen_.redraws) {
    std::fputs(fmt::format("\r{}\x1b[K", render(fields, screen_.colours, screen_.columns - 1)).c_str(), screen_.stream);
    drawn_ = true;
  } else {
    const auto line = render(fields, false, std::numeric_limits<std::size_t>::max());
    std::fputs(fmt::format("{}\n", line).c_str(), screen_.stream);
  }
  std::fflush(screen_.stream);
}

void LiveLine::clear() {
  if (drawn_) std::fputs("\r\x1b[K", screen_.stream);
  drawn_ = false;
}

void LiveLine::show(const Fields& fields, Clock::time_point now) {
  if (now < next_) return;
  next_ = now + interval_;
  draw(fields);
}

void LiveLine::keep(const Fields& fields, Clock::time_point now) {
  next_ = now + interval_;
  draw(fields);
  if (drawn_) {
    std::fputc('\n', screen_.stream);
    std::fflush(screen_.stream);
  }
  drawn_ = false;
}

void LiveLine::message(const std::string& text) {
  clear();
  std::fputs(fmt::format("{}\n", message_line(text)).c_str(), screen_.stream);
  std::fflush(screen_.stream);
}

}  // namespace prelude
