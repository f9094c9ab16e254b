// Where ranks join rank 0's watchdog, and where everyone else is turned away.
#pragma once

#include <poll.h>

#include <memory>
#include <optional>
#include <vector>

#include "dist/watchdog/connection.h"
#include "dist/watchdog/meeting_point.h"
#include "dist/watchdog/moment.h"

namespace prelude {

// A rank that has shown the token and said its first state.
struct Newcomer {
  Hello hello;  // its rank is in [1, ranks)
  RankState state;
  std::unique_ptr<Connection> connection;
};

class Door {
 public:
  Door(OpenedMeetingPoint opened, int ranks);
  // What to wait on for someone at the door.
  void watch(std::vector<pollfd>& fds) const;
  // Whoever has shown himself a rank since the last call. Never blocks. Who does not in time, or says anything else, is
  // dropped; so is the longest silent where more stand there than there are ranks.
  std::vector<Newcomer> receive();
  // Somebody is welcomed and has not said anything yet.
  bool expects_someone() const;

 private:
  struct Stranger {
    std::unique_ptr<Connection> connection;
    Moment since;
    std::optional<Hello> hello;  // with the token, and welcomed
  };

  void accept();
  bool read(Stranger& stranger, std::vector<Newcomer>& newcomers) const;  // false: done with it

  UniqueFd listener_;
  JobToken token_;
  int ranks_;
  std::vector<Stranger> strangers_;  // oldest first
};

// For poll: to read, and to write where something is left to send.
pollfd watched(const Connection& connection);

}  // namespace prelude
