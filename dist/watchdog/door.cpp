#include "dist/watchdog/door.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "dist/watchdog/timing.h"

namespace prelude {

pollfd watched(const Connection& connection) {
  const short wanted = connection.wants_to_write() ? POLLIN | POLLOUT : POLLIN;
  return {connection.fd(), wanted, 0};
}

Door::Door(OpenedMeetingPoint opened, int ranks)
    : listener_(std::move(opened.listener)), token_(opened.point.token), ranks_(ranks) {}

void Door::watch(std::vector<pollfd>& fds) const {
  fds.push_back({listener_.get(), POLLIN, 0});
  for (const Stranger& stranger : strangers_) fds.push_back(watched(*stranger.connection));
}

std::vector<Newcomer> Door::receive() {
  accept();
  std::vector<Newcomer> newcomers;
  std::erase_if(strangers_, [&](Stranger& stranger) { return !read(stranger, newcomers); });
  return newcomers;
}

bool Door::expects_someone() const {
  return std::any_of(strangers_.begin(), strangers_.end(), [](const Stranger& one) { return one.hello.has_value(); });
}

void Door::accept() {
  constexpr std::size_t room = 64;
  const std::size_t most = static_cast<std::size_t>(ranks_) + room;
  for (;;) {
    UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.get() < 0) return;
    if (strangers_.size() >= most) strangers_.erase(strangers_.begin());
    strangers_.push_back({std::make_unique<Connection>(std::move(socket)), now(), std::nullopt});
  }
}

bool Door::read(Stranger& stranger, std::vector<Newcomer>& newcomers) const {
  Connection& connection = *stranger.connection;
  connection.receive();
  connection.flush();
  while (const auto message = connection.next()) {
    if (!stranger.hello) {
      if (message->kind != MessageKind::hello) return false;
      stranger.hello = parse_hello(token_, message->body);
      const bool known = stranger.hello && stranger.hello->rank > 0 && stranger.hello->rank < ranks_;
      if (!known) return false;
      connection.send(welcome_frame(token_));
      continue;
    }
    // Its first state makes it a rank: had it given up waiting for the welcome, it would be at the door again.
    auto state = message->kind == MessageKind::state ? parse_state(message->body) : std::nullopt;
    if (state) newcomers.push_back({*stranger.hello, *std::move(state), std::move(stranger.connection)});
    return false;
  }
  return !connection.closed() && seconds_since(stranger.since) < watchdog_times::kStranger;
}

}  // namespace prelude
