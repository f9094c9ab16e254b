// A group of ranks that compute together, as a value with a rank and a size.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

namespace prelude {

// A collective that was begun. Its tensors stay untouched until finish(). Several of a group may be under way: every
// rank begins them in the same order, finishes them in that order, and calls nothing else in the group meanwhile.
class Begun {
 public:
  virtual ~Begun() = default;
  Begun() = default;
  Begun(const Begun&) = delete;
  Begun& operator=(const Begun&) = delete;

  // Lets it move on where the library does so only when it is called. Whether it is done.
  virtual bool advance() = 0;
  // After this what comes on the current stream sees the result: on a GPU the host does not wait.
  virtual void finish() = 0;
};

// Every rank of the group makes the same calls in the same order with tensors of the same size and type; the watchdog
// names the rank that does not. Operations are ordered on the current stream of the tensors' device: on a GPU the host
// does not wait. Tensors are contiguous, of any size: what a library does not take at once is cut into pieces. Throws
// CollectiveError where the library fails or the others do not come in time.
class Communicator {
 public:
  virtual ~Communicator() = default;
  Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  virtual int rank() const = 0;
  virtual int size() const = 0;

  // `tensor` [...] becomes the sum over ranks, the same bits on each: float32, float64, bfloat16, int64.
  virtual void all_reduce_sum(at::Tensor& tensor) = 0;
  // `tensor` [...] becomes rank `root`'s.
  virtual void broadcast(at::Tensor& tensor, int root) = 0;
  // mine [...] -> [size,...], in the order of ranks; may be a view of `mine` where there is one rank.
  virtual at::Tensor all_gather(const at::Tensor& mine) = 0;
  // Begins to gather mine [n] of all ranks into `all` [size,n], beside what the current stream computes from here on;
  // what it has computed before is done with `all`.
  virtual std::unique_ptr<Begun> begin_all_gather(const at::Tensor& mine, const at::Tensor& all) = 0;
  // Begins all_reduce_sum of `tensor` [...], beside what the current stream computes from here on; what it has computed
  // before is in the sum.
  virtual std::unique_ptr<Begun> begin_all_reduce(const at::Tensor& tensor) = 0;
  // The ranks that give the same color, ordered by rank; `name` says in messages what the group is for.
  virtual std::unique_ptr<Communicator> split(int color, const std::string& name) = 0;
};

}  // namespace prelude
