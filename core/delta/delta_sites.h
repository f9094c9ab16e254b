#pragma once

#include <utility>

#include "core/delta/delta.h"

namespace prelude {

// What a forward is given: which delta enters, and at which sites. Made once a forward; asking an unused site is one
// test of a bit, and nothing else happens there.
class DeltaSites {
 public:
  DeltaSites() = default;  // the bare backbone
  explicit DeltaSites(const Delta& delta, at::Tensor task_ids = {})
      : delta_(&delta), sites_(delta.sites()), task_ids_(std::move(task_ids)) {}

  bool uses(Site site) const { return (sites_ & site_bit(site)) != 0; }
  const Delta& delta() const { return *delta_; }
  const at::Tensor& task_ids() const { return task_ids_; }  // [B] int64, or undefined

 private:
  const Delta* delta_ = nullptr;
  SiteSet sites_ = 0;
  at::Tensor task_ids_;
};

}  // namespace prelude
