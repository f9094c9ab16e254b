// What NcclCommunicator asks of NCCL and of the device. The real one is dist/nccl/cuda; tests stand in for both, which
// needs neither.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstddef>
#include <string>

// As the libraries call them; only they look into one.
struct ncclComm;
struct CUstream_st;
struct CUevent_st;

namespace prelude {

// NCCL's own numbers of results.
using NcclResult = int;
inline constexpr NcclResult nccl_success = 0;
inline constexpr NcclResult nccl_in_progress = 7;

using NcclHandle = ncclComm*;
using DeviceStream = CUstream_st*;  // null is a stream, too: the device's default one
using DeviceEvent = CUevent_st*;
using NcclId = std::array<char, 128>;

// Of one device. What is asked of a communicator is asked by one thread at a time; the rest by any. Communicators are
// non-blocking: any call of one may say nccl_in_progress, and async_error() what has become of it. The functions of
// events and streams throw what the device's library throws.
class NcclApi {
 public:
  virtual ~NcclApi() = default;
  NcclApi() = default;
  NcclApi(const NcclApi&) = delete;
  NcclApi& operator=(const NcclApi&) = delete;

  virtual NcclResult make_id(NcclId& id) = 0;
  // Of `size` ranks that give the same id, this one is `rank`. The handle may be written later, too; so may split's.
  virtual NcclResult init(NcclHandle& comm, int size, const NcclId& id, int rank) = 0;
  virtual NcclResult split(NcclHandle comm, int color, int rank, NcclHandle& part) = 0;
  virtual NcclResult place(NcclHandle comm, int& rank, int& size) = 0;

  // Put into `stream`; the buffers are the device's.
  virtual NcclResult all_reduce_sum(NcclHandle comm, const at::Tensor& tensor, DeviceStream stream) = 0;
  virtual NcclResult broadcast(NcclHandle comm, const at::Tensor& tensor, int root, DeviceStream stream) = 0;
  virtual NcclResult all_gather(NcclHandle comm, const at::Tensor& mine, const at::Tensor& all,
                                DeviceStream stream) = 0;

  // `state`: of what the communicator was last asked for, or a failure that came of its own accord.
  virtual NcclResult async_error(NcclHandle comm, NcclResult& state) = 0;
  virtual std::string describe(NcclHandle comm, NcclResult result) = 0;

  // The end of a communicator: finalize, settled, and destroy; or abort alone, which stops what hangs in the device.
  virtual NcclResult finalize(NcclHandle comm) = 0;
  virtual NcclResult destroy(NcclHandle comm) = 0;
  virtual NcclResult abort(NcclHandle comm) = 0;

  virtual bool holds(const at::Tensor& tensor) const = 0;  // its memory is the device's
  virtual DeviceStream current_stream() = 0;               // of the calling thread
  virtual DeviceStream side_stream() = 0;                  // one for the caller, until the process ends
  virtual DeviceEvent make_event() = 0;
  virtual void destroy_event(DeviceEvent event) noexcept = 0;
  virtual void record(DeviceEvent event, DeviceStream stream) = 0;
  virtual void block(DeviceStream stream, DeviceEvent event) = 0;  // what comes on the stream waits for the event
  virtual bool done(DeviceEvent event) = 0;                        // any thread, also while another captures a graph
};

}  // namespace prelude
