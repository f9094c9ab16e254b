#include "core/io/checksum.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <unistd.h>
#include <xxhash.h>

#include <array>
#include <cerrno>
#include <vector>

#include "core/error.h"
#include "core/io/posix.h"

namespace prelude {
namespace {

std::string to_hex(const unsigned char* bytes, std::size_t size) {
  std::string hex;
  hex.reserve(2 * size);
  for (std::size_t i = 0; i < size; ++i) fmt::format_to(std::back_inserter(hex), "{:02x}", bytes[i]);
  return hex;
}

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    ensure(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1, "OpenSSL has no SHA-256");
  }
  void update(const void* data, std::size_t size) {
    ensure(EVP_DigestUpdate(context_.get(), data, size) == 1, "OpenSSL's EVP_DigestUpdate failed");
  }
  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    ensure(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1, "OpenSSL's EVP_DigestFinal_ex failed");
    return to_hex(digest.data(), size);
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

struct Xxh3::State {
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> xxh{XXH3_createState(), XXH3_freeState};
};

Xxh3::Xxh3() : state_(std::make_unique<State>()) {
  ensure(state_->xxh != nullptr, "no memory for an XXH3 state");
  XXH3_128bits_reset(state_->xxh.get());
}
Xxh3::Xxh3(Xxh3&&) noexcept = default;
Xxh3& Xxh3::operator=(Xxh3&&) noexcept = default;
Xxh3::~Xxh3() = default;

void Xxh3::update(const void* data, std::size_t size) { XXH3_128bits_update(state_->xxh.get(), data, size); }

std::string Xxh3::hex() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_->xxh.get()));
  return to_hex(canonical.digest, sizeof canonical.digest);
}

void for_each_piece(const std::string& path, const std::function<void(const void*, std::size_t)>& use,
                    std::int64_t begin) {
  const UniqueFd fd = open_for_reading(path);
  if (::lseek(fd.get(), begin, SEEK_SET) < 0) fail_system("read", path);
  std::vector<char> buffer(std::size_t{1} << 20);
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_system("read", path);
    if (got == 0) return;
    use(buffer.data(), static_cast<std::size_t>(got));
  }
}

std::string xxh3_128(const void* data, std::size_t size) {
  Xxh3 stream;
  stream.update(data, size);
  return stream.hex();
}

std::string sha256(const void* data, std::size_t size) {
  Sha256 stream;
  stream.update(data, size);
  return stream.hex();
}

std::string xxh3_128_of_file(const std::string& path) {
  Xxh3 stream;
  for_each_piece(path, [&](const void* data, std::size_t size) { stream.update(data, size); });
  return stream.hex();
}

std::string sha256_of_file(const std::string& path) {
  Sha256 stream;
  for_each_piece(path, [&](const void* data, std::size_t size) { stream.update(data, size); });
  return stream.hex();
}

}  // namespace prelude
