#include "dist/watchdog/meeting_point.h"

#include <arpa/inet.h>
#include <fmt/ranges.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <thread>

#include "core/error.h"
#include "dist/watchdog/moment.h"

namespace prelude {
namespace {

constexpr std::string_view kMark = "prelude-watchdog-1";
constexpr std::size_t kMostAddresses = 64;

std::vector<std::string> addresses_of_this_host() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return {"127.0.0.1"};
  std::vector<std::string> outside;
  std::vector<std::string> loopback;
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET || (one->ifa_flags & IFF_UP) == 0) continue;
    char text[INET_ADDRSTRLEN];
    const auto* address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
    if (::inet_ntop(AF_INET, &address->sin_addr, text, sizeof(text)) == nullptr) continue;
    ((one->ifa_flags & IFF_LOOPBACK) != 0 ? loopback : outside).emplace_back(text);
  }
  ::freeifaddrs(first);
  outside.insert(outside.end(), loopback.begin(), loopback.end());
  outside.resize(std::min(outside.size(), kMostAddresses));
  return outside;
}

// A connection a rank may be more than a shell's usual 1,024 files.
void allow_files(int ranks) {
  rlimit limit{};
  const rlim_t wanted = static_cast<rlim_t>(ranks) + 1024;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

bool wait_for(int fd, short events, double seconds) {
  pollfd one{fd, events, 0};
  return ::poll(&one, 1, static_cast<int>(std::max(seconds, 0.0) * 1e3) + 1) == 1;
}

UniqueFd connect_to(const std::string& address, std::uint16_t port, double seconds) {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  if (socket.get() < 0 || ::inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1) return UniqueFd();
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0) return socket;
  if (errno != EINPROGRESS || !wait_for(socket.get(), POLLOUT, seconds)) return UniqueFd();
  int error = 0;
  socklen_t size = sizeof(error);
  const bool asked = ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0;
  return asked && error == 0 ? std::move(socket) : UniqueFd();
}

// Whether the other side is this job's rank 0: another program may listen at the same address of another network.
bool is_welcomed(Connection& connection, const MeetingPoint& point, const Hello& hello, double seconds) {
  const Moment deadline = later(now(), seconds);
  connection.send(hello_frame(point.token, hello));
  while (!connection.closed() && seconds_until(deadline) > 0) {
    if (!wait_for(connection.fd(), POLLIN, seconds_until(deadline))) return false;
    connection.receive();
    if (const auto message = connection.next()) {
      return message->kind == MessageKind::welcome && is_welcome(point.token, message->body);
    }
  }
  return false;
}

}  // namespace

std::string to_text(const MeetingPoint& point) {
  return fmt::format("{} {} {} {} {} {}", kMark, point.port, to_hex(point.token), point.process, point.host,
                     fmt::join(point.addresses, " "));
}

std::optional<MeetingPoint> meeting_point_from_text(std::string_view text) {
  std::istringstream words{std::string(text)};
  std::string mark;
  std::string token;
  MeetingPoint point;
  words >> mark >> point.port >> token >> point.process >> point.host;
  if (!words || mark != kMark) return std::nullopt;
  point.host = clean_text(point.host);
  for (std::string address; point.addresses.size() < kMostAddresses && words >> address;) {
    point.addresses.push_back(clean_text(address));
  }
  const auto parsed = token_from_hex(token);
  if (!parsed || point.addresses.empty()) return std::nullopt;
  point.token = *parsed;
  return point;
}

OpenedMeetingPoint open_meeting_point(const std::string& host, int ranks) {
  allow_files(ranks);
  OpenedMeetingPoint opened;
  opened.listener = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_ANY);
  socklen_t size = sizeof(at);
  const int fd = opened.listener.get();
  const bool listens = fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) == 0 &&
                       ::listen(fd, SOMAXCONN) == 0 && ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0;
  require(listens, "the watchdog of rank 0 on {} cannot listen: {}", host, std::strerror(errno));
  opened.point = {ntohs(at.sin_port), random_token(), ::getpid(), host, addresses_of_this_host()};
  return opened;
}

std::unique_ptr<Connection> join(const MeetingPoint& point, const Hello& hello, double seconds) {
  constexpr double longest_try = 4;
  const Moment deadline = later(now(), seconds);
  bool connected = false;
  for (double one_try = 0.5; seconds_until(deadline) > 0; one_try = std::min(2 * one_try, longest_try)) {
    for (const std::string& address : point.addresses) {
      UniqueFd socket = connect_to(address, point.port, std::min(one_try, seconds_until(deadline)));
      if (socket.get() < 0) continue;
      connected = true;
      auto connection = std::make_unique<Connection>(std::move(socket));
      if (is_welcomed(*connection, point, hello, std::min(one_try, seconds_until(deadline)))) return connection;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  require(!connected,
          "rank 0 on {} did not answer rank {} on {} within {:.1f} s (stopped, or another program listens at port {} "
          "of {})",
          point.host, hello.rank, hello.host, seconds, point.port, fmt::join(point.addresses, ", "));
  fail(
      "rank {} on {} cannot reach the watchdog of rank 0 on {} (port {} at {}): let the hosts reach one another by TCP",
      hello.rank, hello.host, point.host, point.port, fmt::join(point.addresses, ", "));
}

}  // namespace prelude
