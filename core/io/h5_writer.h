// The one way in which HDF5 files are made: whole or not there, and compared with what memory held before they count.
// HDF5 alone does not tell of every write that fails (of small arrays, when they are closed), and a checksum of what
// is in the file would only seal the damage.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/io/atomic_file.h"
#include "core/io/h5.h"

namespace prelude::h5 {

// Names are "/a" or "/group/a" (groups are made on the way), each once. Throws UserError with the path, what was being
// written and the system's reason; the file that was there before is then still there.
class Writer {
 public:
  explicit Writer(const std::string& path);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();  // leaves nothing of a file that was not committed

  // `data` holds the product of `shape` elements.
  void write(const std::string& name, Type type, const std::vector<std::int64_t>& shape, const void* data);
  template <typename T>
  void write(const std::string& name, std::span<const T> values) {
    write(name, type_of<T>(), {static_cast<std::int64_t>(values.size())}, values.data());
  }
  template <typename T>
  void write(const std::string& name, const std::vector<T>& values) {
    write(name, std::span<const T>(values));
  }
  void write_strings(const std::string& name, const std::vector<std::string>& values);
  void write_text(const std::string& name, const std::string& text) { write_strings(name, {text}); }
  // On the root group; at most 60,000 bytes (longer text: write_text).
  void write_attribute(const std::string& name, const std::string& value);
  void write_attribute(const std::string& name, std::int64_t value);

  struct Contents {
    std::int64_t bytes = 0;
    std::string xxh3_128;  // of all of them
  };
  // Ends HDF5's part, after the last write: reads the whole file and compares every array, text and attribute with
  // what it was given. The checksum is of the very bytes that were compared.
  Contents finish();
  // Once, after finish(): puts `trailer` behind HDF5's end (readers ignore it there), syncs, renames.
  void commit(std::string_view trailer = {});

 private:
  struct Array {
    std::string name;
    Type type;
    std::vector<std::int64_t> shape;
    std::string xxh3_128;  // of the memory
  };

  void write_attribute(const std::string& name, std::int64_t file_type, const void* value);
  void close();
  void compare(const File& file) const;

  std::string path_;
  AtomicFile file_;
  std::int64_t id_;  // HDF5's hid_t of the file; -1: closed
  // What was given.
  std::vector<Array> arrays_;
  std::vector<std::pair<std::string, std::vector<std::string>>> texts_;
  std::vector<std::pair<std::string, std::string>> text_attributes_;
  std::vector<std::pair<std::string, std::int64_t>> integer_attributes_;
};

}  // namespace prelude::h5
