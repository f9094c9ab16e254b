#include "dist/mpi/mpi_communicator.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <thread>
#include <utility>

#include "core/error.h"
#include "dist/mpi/mpi_check.h"
#include "dist/type_name.h"

namespace prelude {
namespace {

// The type that MPI adds up for a tensor of `type`.
at::ScalarType summed_as(at::ScalarType type) { return type == at::kBFloat16 || type == at::kHalf ? at::kFloat : type; }

MPI_Datatype datatype_of(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return MPI_FLOAT;
    case at::kDouble:
      return MPI_DOUBLE;
    case at::kLong:
      return MPI_INT64_T;
    default:
      throw InternalError(fmt::format("MPI sums no {}", at::toString(type)));
  }
}

// On the CPU, contiguous and of `type`; the tensor itself where it is that already.
at::Tensor staged(const at::Tensor& tensor, at::ScalarType type) {
  ensure(tensor.is_contiguous(), "a tensor given to a collective is not contiguous");
  return tensor.to(at::Device(at::kCPU), type);
}

// Between two looks: nothing where the others are near, then short sleeps. Not sched_yield: beside a busy process it
// gives a whole slice away each time, while who sleeps is woken at once.
void pause(int looks) {
  constexpr int spins = 200;
  if (looks >= spins) std::this_thread::sleep_for(std::chrono::microseconds(20));
}

bool done(MpiRequests& asked, const char* call) {
  int flag = 0;
  const auto count = static_cast<int>(asked.requests.size());
  check_mpi(MPI_Testall(count, asked.requests.data(), &flag, MPI_STATUSES_IGNORE), call);
  if (flag != 0) asked = {};
  return flag != 0;
}

void wait(MpiRequests& asked, const char* call) {
  for (int looks = 0; !done(asked, call); looks += looks < std::numeric_limits<int>::max() ? 1 : 0) pause(looks);
}

// Calls `start(from, count, request)` for each piece of `elements`, of at most `most`; of none, once.
template <typename Call>
void each_piece(std::int64_t elements, std::int64_t most, MpiRequests& asked, const char* name, const Call& start) {
  std::int64_t from = 0;
  do {
    const std::int64_t count = std::min(most, elements - from);
    check_mpi(start(from, static_cast<int>(count), &asked.requests.emplace_back(MPI_REQUEST_NULL)), name);
    from += count;
  } while (from < elements);
}

// Where a rank's piece of `bytes` goes in a gather whose ranks' parts lie `stride` bytes apart.
class PieceType {
 public:
  PieceType(int bytes, std::int64_t stride) {
    MPI_Datatype whole = MPI_DATATYPE_NULL;
    check_mpi(MPI_Type_contiguous(bytes, MPI_BYTE, &whole), "MPI_Type_contiguous");
    const int made = MPI_Type_create_resized(whole, 0, static_cast<MPI_Aint>(stride), &type_);
    MPI_Type_free(&whole);
    check_mpi(made, "MPI_Type_create_resized");
    check_mpi(MPI_Type_commit(&type_), "MPI_Type_commit");
  }
  PieceType(const PieceType&) = delete;
  PieceType& operator=(const PieceType&) = delete;
  ~PieceType() { MPI_Type_free(&type_); }
  MPI_Datatype get() const { return type_; }

 private:
  MPI_Datatype type_ = MPI_DATATYPE_NULL;
};

// A collective that was begun, as the recorder knows it.
struct Noted {
  FlightRecorder& recorder;
  std::size_t group;
  std::uint64_t sequence;
};

// Open MPI moves large messages on only while it is called, hence advance().
class BegunCall final : public Begun {
 public:
  // `host` becomes `result` in the end, where it is not that already; `given` is kept as long.
  BegunCall(at::Tensor given, at::Tensor host, at::Tensor result, const char* call, const Noted& noted)
      : given_(std::move(given)), host_(std::move(host)), result_(std::move(result)), call_(call), noted_(noted) {}
  // A rank that comes here with a call under way is ending by an error: MPI may write into the memory yet.
  ~BegunCall() override {
    if (!asked_.requests.empty())
      static_cast<void>(std::make_unique<std::array<at::Tensor, 2>>(std::array{given_, host_}).release());
  }

  MpiRequests& asked() { return asked_; }
  bool advance() override { return asked_.requests.empty() || done(asked_, call_); }
  // The recorder hears of it here alone: calls are finished in their order, but MPI may have done a later one first.
  void finish() override {
    if (!advance()) {
      noted_.recorder.set_waiting(noted_.group, now());
      wait(asked_, call_);
    }
    noted_.recorder.end(noted_.group, noted_.sequence);
    if (!host_.is_same(result_)) result_.copy_(host_);
  }

 private:
  at::Tensor given_;   // on the host
  at::Tensor host_;    // what MPI writes into
  at::Tensor result_;  // host_ itself on the CPU
  const char* call_;
  Noted noted_;
  MpiRequests asked_;
};

}  // namespace

MpiCommunicator::MpiCommunicator(MPI_Comm comm, const std::string& name, std::int64_t color, FlightRecorder& recorder,
                                 std::int64_t most_bytes)
    : comm_(comm), recorder_(recorder), group_(recorder.group(name, color)), most_bytes_(most_bytes) {
  ensure(most_bytes >= 8 && most_bytes <= kMostBytes, "MPI in calls of {} bytes", most_bytes);
  check_mpi(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check_mpi(MPI_Comm_rank(comm_, &rank_), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(comm_, &size_), "MPI_Comm_size");
}

std::uint64_t MpiCommunicator::begin(Operation operation, const at::Tensor& tensor) {
  return recorder_.begin(group_, operation, tensor.numel(), name_of(tensor.scalar_type()));
}

void MpiCommunicator::run(Operation operation, const at::Tensor& tensor, const char* call, const Start& start) {
  const InFlight noted(recorder_, group_, operation, tensor.numel(), name_of(tensor.scalar_type()));
  MpiRequests asked;
  start(asked);
  wait(asked, call);
}

void MpiCommunicator::all_reduce_sum(at::Tensor& tensor) {
  const at::ScalarType type = summed_as(tensor.scalar_type());
  const at::Tensor host = staged(tensor, type);  // [...]
  run(Operation::all_reduce, tensor, "MPI_Iallreduce", [&](MpiRequests& asked) { start_all_reduce(host, asked); });
  if (!host.is_same(tensor)) tensor.copy_(host);
}

void MpiCommunicator::broadcast(at::Tensor& tensor, int root) {
  at::Tensor host = staged(tensor, tensor.scalar_type());
  auto* const bytes = static_cast<char*>(host.mutable_data_ptr());
  run(Operation::broadcast, tensor, "MPI_Ibcast", [&](MpiRequests& asked) {
    each_piece(static_cast<std::int64_t>(host.nbytes()), most_bytes_, asked, "MPI_Ibcast",
               [&](std::int64_t from, int count, MPI_Request* request) {
                 return MPI_Ibcast(bytes + from, count, MPI_BYTE, root, comm_, request);
               });
  });
  if (!host.is_same(tensor)) tensor.copy_(host);
}

at::Tensor MpiCommunicator::all_gather(const at::Tensor& mine) {
  const at::Tensor host = staged(mine, mine.scalar_type());
  std::vector<std::int64_t> shape = mine.sizes().vec();
  shape.insert(shape.begin(), size_);
  at::Tensor all = at::empty(shape, host.options());  // [size,...]
  run(Operation::all_gather, mine, "MPI_Iallgather", [&](MpiRequests& asked) { start_all_gather(host, all, asked); });
  return all.to(mine.device());
}

std::unique_ptr<Begun> MpiCommunicator::begin_all_gather(const at::Tensor& mine, const at::Tensor& all) {
  ensure(all.is_contiguous() && all.numel() == size_ * mine.numel() && all.scalar_type() == mine.scalar_type(),
         "a gather of {} x {} elements into {}", size_, mine.numel(), all.numel());
  const at::Tensor given = staged(mine, mine.scalar_type());                             // [n]
  const at::Tensor host = all.is_cpu() ? all : at::empty(all.sizes(), given.options());  // [size,n]
  auto begun = std::make_unique<BegunCall>(given, host, all, "MPI_Iallgather",
                                           Noted{recorder_, group_, begin(Operation::all_gather, mine)});
  start_all_gather(given, host, begun->asked());
  return begun;
}

std::unique_ptr<Begun> MpiCommunicator::begin_all_reduce(const at::Tensor& tensor) {
  const at::Tensor host = staged(tensor, summed_as(tensor.scalar_type()));  // [...]
  auto begun = std::make_unique<BegunCall>(at::Tensor(), host, tensor, "MPI_Iallreduce",
                                           Noted{recorder_, group_, begin(Operation::all_reduce, tensor)});
  start_all_reduce(host, begun->asked());
  return begun;
}

void MpiCommunicator::start_all_reduce(const at::Tensor& host, MpiRequests& asked) const {
  auto* const data = static_cast<char*>(host.mutable_data_ptr());
  each_piece(host.numel(), most_bytes_ / host.element_size(), asked, "MPI_Iallreduce",
             [&](std::int64_t from, int count, MPI_Request* request) {
               return MPI_Iallreduce(MPI_IN_PLACE, data + from * host.element_size(), count,
                                     datatype_of(host.scalar_type()), MPI_SUM, comm_, request);
             });
}

void MpiCommunicator::start_all_gather(const at::Tensor& given, const at::Tensor& host, MpiRequests& asked) const {
  const auto* const from_here = static_cast<const char*>(given.const_data_ptr());
  auto* const to = static_cast<char*>(host.mutable_data_ptr());
  const auto bytes = static_cast<std::int64_t>(given.nbytes());
  each_piece(bytes, most_bytes_, asked, "MPI_Iallgather", [&](std::int64_t from, int count, MPI_Request* request) {
    if (count == bytes) return MPI_Iallgather(from_here, count, MPI_BYTE, to, count, MPI_BYTE, comm_, request);
    const auto type = std::make_shared<PieceType>(count, bytes);
    asked.types.push_back(type);
    return MPI_Iallgather(from_here + from, count, MPI_BYTE, to + from, 1, type->get(), comm_, request);
  });
}

std::unique_ptr<Communicator> MpiCommunicator::split(int color, const std::string& name) {
  MPI_Comm comm = MPI_COMM_NULL;
  {
    const InFlight noted(recorder_, group_, Operation::new_group, 0, "");
    check_mpi(MPI_Comm_split(comm_, color, rank_, &comm), "MPI_Comm_split");
  }
  return std::make_unique<MpiCommunicator>(comm, name, color, recorder_, most_bytes_);
}

}  // namespace prelude
