#include "dist/farm/mail.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/error.h"
#include "dist/mpi/mpi_check.h"

namespace prelude {
namespace {

constexpr int kHeaderTag = 7101;
constexpr int kPieceTag = 7102;

}  // namespace

Mail::Mail(std::size_t piece) : piece_(piece) {
  ensure(piece > 0 && piece <= std::size_t{1} << 30, "letters in pieces of {} bytes", piece);
  check_mpi(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(MPI_COMM_WORLD, &size_), "MPI_Comm_size");
}

Mail::~Mail() {
  for (std::unique_ptr<Parcels>* parcels : {&outgoing_, &incoming_}) {
    if (!(*parcels)->empty()) static_cast<void>(parcels->release());
  }
}

template <typename Call>
void Mail::each_piece(Parcel& parcel, const char* name, const Call& call) const {
  std::string& bytes = parcel.letter.bytes;
  for (std::size_t start = 0; start < bytes.size(); start += piece_) {
    const auto size = static_cast<int>(std::min(piece_, bytes.size() - start));
    check_mpi(call(bytes.data() + start, size, &parcel.requests.emplace_back(MPI_REQUEST_NULL)), name);
  }
}

void Mail::send(int to, LetterKind kind, std::uint64_t number, std::string bytes) {
  ensure(bytes.size() <= kMostBytes, "a letter of {} bytes between ranks", bytes.size());
  Parcel& parcel = outgoing_->emplace_back();
  parcel.letter = {to, kind, number, std::move(bytes)};
  parcel.header = {static_cast<std::uint64_t>(kind), number, parcel.letter.bytes.size()};
  check_mpi(MPI_Isend(parcel.header.data(), static_cast<int>(parcel.header.size()), MPI_UINT64_T, to, kHeaderTag,
                      MPI_COMM_WORLD, &parcel.requests.emplace_back(MPI_REQUEST_NULL)),
            "MPI_Isend");
  each_piece(parcel, "MPI_Isend", [&](char* data, int size, MPI_Request* request) {
    return MPI_Isend(data, size, MPI_BYTE, to, kPieceTag, MPI_COMM_WORLD, request);
  });
}

bool Mail::arrived(Parcel& parcel) {
  if (parcel.requests.empty()) return true;
  int done = 0;
  check_mpi(MPI_Testall(static_cast<int>(parcel.requests.size()), parcel.requests.data(), &done, MPI_STATUSES_IGNORE),
            "MPI_Testall");
  if (done != 0) parcel.requests.clear();
  return done != 0;
}

// MPI keeps the order of one rank's messages under one tag: pieces come in the order of their headers.
void Mail::look_for_letters() {
  for (;;) {
    int found = 0;
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status{};
    check_mpi(MPI_Improbe(MPI_ANY_SOURCE, kHeaderTag, MPI_COMM_WORLD, &found, &message, &status), "MPI_Improbe");
    if (found == 0) return;
    Header header{};
    check_mpi(MPI_Mrecv(header.data(), static_cast<int>(header.size()), MPI_UINT64_T, &message, MPI_STATUS_IGNORE),
              "MPI_Mrecv");
    const auto [kind, number, bytes] = header;
    ensure(kind <= static_cast<std::uint64_t>(LetterKind::bye) && bytes <= kMostBytes,
           "rank {} sent a letter of kind {} and {} bytes", status.MPI_SOURCE, kind, bytes);
    Parcel& parcel = incoming_->emplace_back();
    parcel.letter = {status.MPI_SOURCE, static_cast<LetterKind>(kind), number, std::string(bytes, '\0')};
    each_piece(parcel, "MPI_Irecv", [&](char* data, int size, MPI_Request* request) {
      return MPI_Irecv(data, size, MPI_BYTE, parcel.letter.rank, kPieceTag, MPI_COMM_WORLD, request);
    });
  }
}

std::optional<Letter> Mail::receive() {
  outgoing_->remove_if(arrived);
  look_for_letters();
  std::set<int> late;  // ranks with an earlier letter that is still coming
  for (auto parcel = incoming_->begin(); parcel != incoming_->end(); ++parcel) {
    const int from = parcel->letter.rank;
    if (late.contains(from)) continue;
    if (arrived(*parcel)) {
      Letter letter = std::move(parcel->letter);
      incoming_->erase(parcel);
      return letter;
    }
    late.insert(from);
  }
  return {};
}

bool Mail::all_sent() {
  outgoing_->remove_if(arrived);
  return outgoing_->empty();
}

}  // namespace prelude
