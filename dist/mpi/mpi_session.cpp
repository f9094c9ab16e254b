#include "dist/mpi/mpi_session.h"

#include <fcntl.h>
#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "core/error.h"
#include "dist/mpi/mpi_check.h"
#include "dist/mpi/mpi_communicator.h"

namespace prelude {
namespace {

int number_in(const char* variable) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? 0 : std::atoi(text);
}

bool has(const char* variable) { return std::getenv(variable) != nullptr; }

// SLURM_STEP_NUM_TASKS is srun's; a batch script itself does not have it.
int tasks_of_slurm() { return number_in("SLURM_STEP_NUM_TASKS"); }

}  // namespace

bool MpiSession::launched() {
  const bool found = has("OMPI_COMM_WORLD_SIZE") || has("PMIX_RANK") || has("PMI_RANK") || has("PMI_SIZE");
  require(found || tasks_of_slurm() < 2,
          "srun started {} tasks that cannot find each other: start them with srun --mpi=pmix", tasks_of_slurm());
  return found;
}

std::string MpiSession::library() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  check_mpi(MPI_Get_library_version(text.data(), &length), "MPI_Get_library_version");
  const std::string_view whole(text.data(), static_cast<std::size_t>(length));
  return std::string(whole.substr(0, whole.find(',')));
}

MpiSession::MpiSession() {
  int provided = MPI_THREAD_SINGLE;
  check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided), "MPI_Init_thread");
  ensure(provided >= MPI_THREAD_SERIALIZED, "MPI gives thread level {}; {} is needed", provided, MPI_THREAD_SERIALIZED);
  check_mpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  int size = 0;
  check_mpi(MPI_Comm_size(MPI_COMM_WORLD, &size), "MPI_Comm_size");
  const int started = std::max({number_in("OMPI_COMM_WORLD_SIZE"), number_in("PMI_SIZE"), tasks_of_slurm()});
  require(size > 1 || started <= 1,
          "the launcher started {} processes, but Open MPI sees one: use Open MPI's own mpirun, or srun --mpi=pmix",
          started);
}

MpiSession::~MpiSession() {
  if (!unwinding_) MPI_Finalize();
}

std::unique_ptr<Communicator> MpiSession::world(FlightRecorder& recorder) const {
  MPI_Comm comm = MPI_COMM_NULL;
  {
    const InFlight noted(recorder, recorder.group("host"), Operation::new_group, 0, "");
    check_mpi(MPI_Comm_dup(MPI_COMM_WORLD, &comm), "MPI_Comm_dup");
  }
  return std::make_unique<MpiCommunicator>(comm, "host", kNoColor, recorder);
}

void MpiSession::abort(int code) const noexcept {
  // Open MPI has a paragraph to say about it, where one line with the reason has been said.
  if (const int nowhere = ::open("/dev/null", O_WRONLY); nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);
  MPI_Abort(MPI_COMM_WORLD, code);
  ::_exit(code);
}

}  // namespace prelude
