// Zip archives of stored (uncompressed) entries, which is what torch.save writes (PKWARE APPNOTE 6.3, without zip64).
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace prelude {

// Entries by name, as views into `archive`; every size, offset and CRC-32 is checked. Throws UserError "'PATH': ..."
// where the archive is damaged, compressed, encrypted or needs zip64 (4 GiB and more).
std::map<std::string, std::string_view> read_zip(std::string_view archive, const std::string& path);

// Builds an archive in memory, each entry's data at a multiple of 64 bytes (as PyTorch lays it out, for mapping).
class ZipWriter {
 public:
  void add(const std::string& name, std::string_view data);
  std::string finish();  // the whole archive; once, last

 private:
  std::string archive_;
  std::string directory_;
  unsigned entries_ = 0;
};

}  // namespace prelude
