#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/flat_part.h"
#include "dist/communicator.h"

namespace prelude {

// The sum over ranks of a flat tensor whose parts become final one by one: it is cut into buckets of neighbouring
// parts, and the all-reduce of a bucket begins when its last part has come, beside the making of the others (Li et al.,
// PyTorch Distributed, VLDB 2020, section 3.2). Every rank begins the same buckets in the same order, whatever came
// first, and may begin some of them, or all, in finish() alone: ranks need not agree on when.
class BucketedSum {
 public:
  // `parts`: in the order in which they mostly come; together all of a tensor. A bucket is filled up to
  // `bucket_elements`, or has one part. `ranks` outlives this.
  BucketedSum(Communicator& ranks, std::span<const FlatPart> parts, std::int64_t bucket_elements);

  // From here on parts of `flat` [N] come. Until finish() nothing else is called in the group.
  void open(const at::Tensor& flat);
  // Part `part` holds what this rank brings. Ignored where nothing is open. Each comes once.
  void arrived(std::size_t part);
  // `flat` [N] becomes the sum over ranks, the same bits on each; parts that have not come hold what they bring, too.
  // Closes. Every rank calls it, one without open() with its `flat`, which an open one has given already.
  void finish(const at::Tensor& flat);

  std::size_t buckets() const { return buckets_.size(); }
  std::size_t begun() const { return begun_.size(); }  // since open()

 private:
  struct Bucket {
    FlatPart range;
    std::size_t end_part = 0;  // its parts come before this one and after the last bucket's
  };

  bool complete(std::size_t bucket) const;
  void begin_next();

  Communicator& ranks_;
  std::vector<Bucket> buckets_;
  std::vector<bool> came_;  // of every part, since open()
  at::Tensor flat_;         // [N]; undefined: closed
  std::vector<std::unique_ptr<Begun>> begun_;
};

}  // namespace prelude
