// How the ranks' watchdogs find rank 0's: it listens, and tells the others where and with which secret.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/posix.h"
#include "dist/watchdog/connection.h"
#include "dist/watchdog/message.h"

namespace prelude {

struct MeetingPoint {
  std::uint16_t port = 0;
  JobToken token{};
  std::int64_t process = 0;            // of rank 0
  std::string host;                    // of rank 0
  std::vector<std::string> addresses;  // IPv4, the loopback's last
};

// One line without spaces at its ends; and back. Empty: that is none.
std::string to_text(const MeetingPoint& point);
std::optional<MeetingPoint> meeting_point_from_text(std::string_view text);

// A socket that listens on every interface at a port of the system's choice, and where it is found; `host` is this
// host's name. Throws UserError with the system's reason.
struct OpenedMeetingPoint {
  UniqueFd listener;
  MeetingPoint point;
};
OpenedMeetingPoint open_meeting_point(const std::string& host, int ranks);

// Connects and is welcomed, trying the addresses in turn for at most `seconds`. Throws UserError naming them.
std::unique_ptr<Connection> join(const MeetingPoint& point, const Hello& hello, double seconds);

}  // namespace prelude
