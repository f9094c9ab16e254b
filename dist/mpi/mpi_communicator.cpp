#include "dist/mpi/mpi_communicator.h"

#include <ATen/ATen.h>

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

int count_of(std::int64_t count) {
  ensure(count <= std::numeric_limits<int>::max(), "{} elements are too many for one MPI call", count);
  return static_cast<int>(count);
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

bool done(MPI_Request& request, const char* call) {
  int flag = 0;
  check_mpi(MPI_Test(&request, &flag, MPI_STATUS_IGNORE), call);
  return flag != 0;
}

void wait(MPI_Request& request, const char* call) {
  for (int looks = 0; !done(request, call); looks += looks < std::numeric_limits<int>::max() ? 1 : 0) pause(looks);
}

// A collective as the recorder knows it.
struct Noted {
  FlightRecorder& recorder;
  std::size_t group;
  Operation operation;
  std::int64_t count;
  std::string_view dtype;
  std::uint64_t ticket = recorder.begin(group, operation, count, dtype);
  std::uint64_t sequence = recorder.last_sequence(group);
};

// Open MPI moves large messages on only while it is called, hence advance().
class BegunCall final : public Begun {
 public:
  // `host` becomes `result` in the end, where it is not that already; `given` is kept as long.
  BegunCall(at::Tensor given, at::Tensor host, at::Tensor result, const char* call, const Noted& noted)
      : given_(std::move(given)), host_(std::move(host)), result_(std::move(result)), call_(call), noted_(noted) {}
  // A rank that comes here with a call under way is ending by an error: MPI may write into the memory yet.
  ~BegunCall() override {
    if (request_ != MPI_REQUEST_NULL)
      static_cast<void>(std::make_unique<std::array<at::Tensor, 2>>(std::array{given_, host_}).release());
  }

  void start(const std::function<int(MPI_Request*)>& call) { check_mpi(call(&request_), call_); }
  void advance() override {
    if (request_ != MPI_REQUEST_NULL && done(request_, call_)) noted_.recorder.end(noted_.ticket);
  }
  void finish() override {
    advance();
    if (request_ != MPI_REQUEST_NULL) {
      const std::uint64_t ticket = noted_.recorder.wait(noted_.ticket, noted_.group, noted_.sequence, noted_.operation,
                                                        noted_.count, noted_.dtype);
      wait(request_, call_);
      noted_.recorder.end(ticket);
    }
    if (!host_.is_same(result_)) result_.copy_(host_);
  }

 private:
  at::Tensor given_;   // on the host
  at::Tensor host_;    // what MPI writes into
  at::Tensor result_;  // host_ itself on the CPU
  const char* call_;
  Noted noted_;
  MPI_Request request_ = MPI_REQUEST_NULL;
};

}  // namespace

MpiCommunicator::MpiCommunicator(MPI_Comm comm, const std::string& name, std::int64_t color, FlightRecorder& recorder)
    : comm_(comm), recorder_(recorder), group_(recorder.group(name, color)) {
  check_mpi(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check_mpi(MPI_Comm_rank(comm_, &rank_), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(comm_, &size_), "MPI_Comm_size");
}

// Freeing a communicator is collective in name; Open MPI does it locally. After an error, or once MPI has ended, there
// is nothing to free.
MpiCommunicator::~MpiCommunicator() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized == 0 && std::uncaught_exceptions() == 0) MPI_Comm_free(&comm_);
}

void MpiCommunicator::run(Operation operation, const at::Tensor& tensor, const char* call,
                          const std::function<int(MPI_Request*)>& start) {
  const InFlight noted(recorder_, group_, operation, tensor.numel(), name_of(tensor.scalar_type()));
  MPI_Request request = MPI_REQUEST_NULL;
  check_mpi(start(&request), call);
  wait(request, call);
}

void MpiCommunicator::all_reduce_sum(at::Tensor& tensor) {
  const at::ScalarType type = summed_as(tensor.scalar_type());
  const at::Tensor host = staged(tensor, type);  // [...]
  run(Operation::all_reduce, tensor, "MPI_Iallreduce",
      [&](MPI_Request* request) { return start_all_reduce(host, request); });
  if (!host.is_same(tensor)) tensor.copy_(host);
}

void MpiCommunicator::broadcast(at::Tensor& tensor, int root) {
  at::Tensor host = staged(tensor, tensor.scalar_type());
  run(Operation::broadcast, tensor, "MPI_Ibcast", [&](MPI_Request* request) {
    return MPI_Ibcast(host.mutable_data_ptr(), count_of(static_cast<std::int64_t>(host.nbytes())), MPI_BYTE, root,
                      comm_, request);
  });
  if (!host.is_same(tensor)) tensor.copy_(host);
}

at::Tensor MpiCommunicator::all_gather(const at::Tensor& mine) {
  const at::Tensor host = staged(mine, mine.scalar_type());
  std::vector<std::int64_t> shape = mine.sizes().vec();
  shape.insert(shape.begin(), size_);
  at::Tensor all = at::empty(shape, host.options());  // [size,...]
  const int bytes = count_of(static_cast<std::int64_t>(host.nbytes()));
  run(Operation::all_gather, mine, "MPI_Iallgather", [&](MPI_Request* request) {
    return MPI_Iallgather(host.const_data_ptr(), bytes, MPI_BYTE, all.mutable_data_ptr(), bytes, MPI_BYTE, comm_,
                          request);
  });
  return all.to(mine.device());
}

std::unique_ptr<Begun> MpiCommunicator::begin_all_gather(const at::Tensor& mine, const at::Tensor& all) {
  ensure(all.is_contiguous() && all.numel() == size_ * mine.numel() && all.scalar_type() == mine.scalar_type(),
         "a gather of {} x {} elements into {}", size_, mine.numel(), all.numel());
  const at::Tensor given = staged(mine, mine.scalar_type());                             // [n]
  const at::Tensor host = all.is_cpu() ? all : at::empty(all.sizes(), given.options());  // [size,n]
  const Noted noted{recorder_, group_, Operation::all_gather, mine.numel(), name_of(mine.scalar_type())};
  auto begun = std::make_unique<BegunCall>(given, host, all, "MPI_Iallgather", noted);
  const int bytes = count_of(static_cast<std::int64_t>(given.nbytes()));
  begun->start([&](MPI_Request* request) {
    return MPI_Iallgather(given.const_data_ptr(), bytes, MPI_BYTE, host.mutable_data_ptr(), bytes, MPI_BYTE, comm_,
                          request);
  });
  return begun;
}

std::unique_ptr<Begun> MpiCommunicator::begin_all_reduce(const at::Tensor& tensor) {
  const at::ScalarType type = summed_as(tensor.scalar_type());
  const at::Tensor host = staged(tensor, type);  // [...]
  const Noted noted{recorder_, group_, Operation::all_reduce, tensor.numel(), name_of(tensor.scalar_type())};
  auto begun = std::make_unique<BegunCall>(at::Tensor(), host, tensor, "MPI_Iallreduce", noted);
  begun->start([&](MPI_Request* request) { return start_all_reduce(host, request); });
  return begun;
}

int MpiCommunicator::start_all_reduce(const at::Tensor& host, MPI_Request* request) const {
  return MPI_Iallreduce(MPI_IN_PLACE, host.mutable_data_ptr(), count_of(host.numel()), datatype_of(host.scalar_type()),
                        MPI_SUM, comm_, request);
}

void MpiCommunicator::barrier() {
  run(Operation::barrier, at::empty({0}), "MPI_Ibarrier",
      [&](MPI_Request* request) { return MPI_Ibarrier(comm_, request); });
}

std::unique_ptr<Communicator> MpiCommunicator::split(int color, const std::string& name) {
  MPI_Comm comm = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split(comm_, color, rank_, &comm), "MPI_Comm_split");
  return std::make_unique<MpiCommunicator>(comm, name, color, recorder_);
}

}  // namespace prelude
