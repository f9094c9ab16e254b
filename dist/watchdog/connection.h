// One TCP connection of the watchdog, never blocking: whole messages in, frames out. What a stranger can make it hold
// is bounded. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/io/posix.h"
#include "dist/watchdog/message.h"

namespace prelude {

class Connection {
 public:
  explicit Connection(UniqueFd socket);  // makes it non-blocking

  int fd() const { return socket_.get(); }
  // Reads what has come, at most a few frames' worth a call. Afterwards closed() says whether the other side is gone.
  void receive();
  // The next whole message of what was received.
  std::optional<Message> next();
  // Sends now what the socket takes and keeps the rest for flush(). A peer that takes nothing for long misses frames.
  void send(std::string_view frame);
  void flush();
  bool wants_to_write() const { return !outgoing_.empty(); }
  // Nothing more will come: the other side closed, its host said so, or it did not keep to the protocol.
  bool closed() const { return closed_; }
  // No more frames from us; the other side may still send.
  void finish_sending();

 private:
  UniqueFd socket_;
  std::string incoming_;
  std::string outgoing_;
  bool closed_ = false;
};

}  // namespace prelude
