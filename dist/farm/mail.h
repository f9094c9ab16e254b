// Letters between ranks: a kind, a number and any bytes, sent and received without waiting.
#pragma once

#include <mpi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace prelude {

enum class LetterKind : std::uint64_t {
  present,      // a worker: its threads (number), its host
  ready,        // its greeting
  request,      // rank 0: a job's number and bytes
  answer,       // the same number
  user_error,   // a worker: a UserError's text
  failure,      // another exception's
  stop_wanted,  // a worker was asked to stop (by a signal)
  stop,         // rank 0: no more jobs
  bye,          // a worker's last letter
};

struct Letter {
  int rank = 0;  // the other one
  LetterKind kind = LetterKind::stop;
  std::uint64_t number = 0;
  std::string bytes;
};

// Uses MPI_COMM_WORLD under tags of its own; the collectives of a World have a communicator of their own. All calls
// come from one thread at a time. Errors of MPI are CollectiveErrors.
class Mail {
 public:
  static constexpr std::size_t kMostBytes = std::size_t{64} << 30;  // of a letter
  // MPI counts in int: a letter is cut into pieces of at most `piece` bytes.
  explicit Mail(std::size_t piece = std::size_t{1} << 29);
  Mail(const Mail&) = delete;
  Mail& operator=(const Mail&) = delete;
  // What is still under way then is given up, with its memory: MPI may yet write there.
  ~Mail();

  int rank() const { return rank_; }
  int size() const { return size_; }
  void send(int to, LetterKind kind, std::uint64_t number, std::string bytes);
  // A letter that has come wholly; those of one rank in the order in which it sent them. Also moves the sending on.
  std::optional<Letter> receive();
  // Everything sent has left.
  bool all_sent();

 private:
  using Header = std::array<std::uint64_t, 3>;  // kind, number, bytes
  struct Parcel {
    Letter letter;
    Header header{};
    std::vector<MPI_Request> requests;  // empty: all there
  };
  static bool arrived(Parcel& parcel);
  void look_for_letters();
  template <typename Call>
  void each_piece(Parcel& parcel, const char* name, const Call& call) const;

  std::size_t piece_;
  int rank_ = 0;
  int size_ = 1;
  using Parcels = std::list<Parcel>;  // whose elements stay where they are
  std::unique_ptr<Parcels> outgoing_ = std::make_unique<Parcels>();
  std::unique_ptr<Parcels> incoming_ = std::make_unique<Parcels>();
};

}  // namespace prelude
