#include "dist/watchdog/connection.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace prelude {
namespace {

constexpr std::size_t kMostOutgoing = 16 * kLongestFrame;

bool only_for_now(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

Connection::Connection(UniqueFd socket) : socket_(std::move(socket)) {
  const int flags = ::fcntl(socket_.get(), F_GETFL);
  ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK);
  const int yes = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

void Connection::receive() {
  std::array<char, 2 * kLongestFrame> bytes;
  // Whole messages are taken after each call, so `incoming_` holds at most one unfinished frame and these bytes.
  const ssize_t got = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
  if (got > 0) incoming_.append(bytes.data(), static_cast<std::size_t>(got));
  if (got == 0 || (got < 0 && !only_for_now(errno))) closed_ = true;
}

std::optional<Message> Connection::next() {
  bool broken = false;
  auto message = take_message(incoming_, broken);
  if (broken) {
    closed_ = true;
    incoming_.clear();
  }
  return message;
}

void Connection::send(std::string_view frame) {
  if (outgoing_.size() + frame.size() > kMostOutgoing) return;
  outgoing_ += frame;
  flush();
}

void Connection::flush() {
  while (!outgoing_.empty()) {
    const ssize_t sent = ::send(socket_.get(), outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      // A broken connection shows itself to receive(), after the last words that may still be unread.
      if (!only_for_now(errno)) outgoing_.clear();
      return;
    }
    outgoing_.erase(0, static_cast<std::size_t>(sent));
  }
}

void Connection::finish_sending() { ::shutdown(socket_.get(), SHUT_WR); }

}  // namespace prelude
