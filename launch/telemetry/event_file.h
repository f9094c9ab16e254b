// TensorBoard's event file: a TFRecord of Event protocol buffers (tensorflow/core/util/event.proto, summary.proto),
// written by hand since only six fields of them are needed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/io/append_file.h"

namespace prelude {

// CRC-32C (Castagnoli), and TFRecord's rotated and shifted form of it.
std::uint32_t crc32c(std::string_view bytes);
std::uint32_t masked_crc32c(std::string_view bytes);

class EventFile {
 public:
  // A new events.out.tfevents.* file in `folder`. TensorBoard drops what earlier files of the folder say about steps
  // from `first_step` on, so a resumed run draws one curve.
  EventFile(const std::string& folder, std::int64_t first_step);
  // One point of the curve `tag`.
  void scalar(const std::string& tag, double value, std::int64_t step);
  void close() { file_.close(); }

 private:
  void record(const std::string& event);

  AppendFile file_;
};

}  // namespace prelude
