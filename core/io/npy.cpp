#include "core/io/npy.h"

#include <cctype>
#include <charconv>
#include <cstring>
#include <string_view>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/mapped_file.h"

namespace prelude {
namespace {

constexpr std::string_view magic{"\x93NUMPY", 6};

// The header is the text of a Python dictionary with three fixed keys; this reads that and nothing else of Python.
class HeaderScanner {
 public:
  HeaderScanner(std::string_view text, const std::string& path) : text_(text), path_(path) {}

  struct Header {
    std::string descr;
    bool fortran_order = false;
    std::vector<std::int64_t> shape;
  };

  Header scan() {
    Header header;
    unsigned seen = 0;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      seen |= field(key, header);
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    blank();
    if (at_ != text_.size() || seen != 7) damaged();
    return header;
  }

 private:
  [[noreturn]] void damaged() const {
    fail("'{}': its .npy header cannot be read; save it again with numpy.save", path_);
  }

  // Reads one value; the result is the key's bit.
  unsigned field(const std::string& key, Header& header) {
    if (key == "descr") {
      header.descr = peek() == '[' ? "[...]" : quoted();  // a list is a record type, refused by its name
      require(header.descr != "[...]", "'{}' holds records; save one float array with numpy.save", path_);
      return 1;
    }
    if (key == "fortran_order") {
      header.fortran_order = boolean();
      return 2;
    }
    if (key != "shape") damaged();
    header.shape = tuple();
    return 4;
  }

  void blank() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  char peek() {
    blank();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) damaged();
  }
  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') damaged();
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) damaged();
    std::string word(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return word;
  }
  bool boolean() {
    blank();
    for (const auto& [word, value] : {std::pair{std::string_view("True"), true}, {std::string_view("False"), false}}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return value;
      }
    }
    damaged();
  }
  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> sizes;
    expect('(');
    while (!accept(')')) {
      blank();
      std::int64_t size = -1;
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), size);
      if (error != std::errc() || sizes.size() > 32) damaged();
      at_ = static_cast<std::size_t>(end - text_.data());
      sizes.push_back(size);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return sizes;
  }

  std::string_view text_;
  const std::string& path_;
  std::size_t at_ = 0;
};

FloatType type_of(const std::string& descr, const std::string& path) {
  if (descr == "<f2") return FloatType::float16;
  if (descr == "<f4") return FloatType::float32;
  if (descr == "<f8") return FloatType::float64;
  fail("'{}' holds numbers of type '{}'; save little-endian floats: array.astype('<f4')", path, descr);
}

// Where the data begins, after magic, version, length and header text.
std::size_t header_end(std::string_view bytes, const std::string& path, std::size_t& header_begin) {
  require(bytes.starts_with(magic) && bytes.size() >= 12, "'{}' is no .npy file; save it with numpy.save", path);
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
  const std::size_t version = byte(6);
  require(version >= 1 && version <= 3, "'{}' has .npy version {}; 1 to 3 are known", path, version);
  header_begin = version == 1 ? 10 : 12;
  std::size_t length = byte(8) | (byte(9) << 8U);
  if (version > 1) length |= (byte(10) << 16U) | (byte(11) << 24U);
  require(length <= bytes.size() - header_begin, "'{}' is cut short in its header; copy or save it again", path);
  return header_begin + length;
}

}  // namespace

FloatArray read_npy(const std::string& path) {
  const MappedFile file = MappedFile::open(path);
  std::size_t begin = 0;
  const std::size_t end = header_end(file.text(), path, begin);
  const auto header = HeaderScanner(file.text().substr(begin, end - begin), path).scan();
  require(!header.fortran_order, "'{}' is in Fortran order; save numpy.ascontiguousarray(array)", path);

  FloatArray array;
  array.stored_as = type_of(header.descr, path);
  array.shape = header.shape;
  const auto count = static_cast<std::size_t>(elements_of(header.shape, path));
  const std::size_t width = bytes_of(array.stored_as);
  const std::size_t held = file.size() - end;
  require(held == count * width, "'{}' holds {} bytes of data where its shape {} asks for {}; copy or save it again",
          path, held, shape_text(header.shape), count * width);
  array.values.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    array.values.push_back(decode_float(array.stored_as, file.data() + end + i * width));
  }
  return array;
}

void write_npy(const std::string& path, const std::vector<std::int64_t>& shape, std::span<const float> values) {
  std::string sizes;
  std::size_t count = 1;
  for (const std::int64_t size : shape) {
    sizes += fmt::format("{}, ", size);
    count *= static_cast<std::size_t>(size);
  }
  ensure(count == values.size(), "{} numbers for the shape {}", values.size(), shape_text(shape));
  std::string header = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", sizes);
  const std::size_t unpadded = magic.size() + 4 + header.size() + 1;
  header.append((64 - unpadded % 64) % 64, ' ');  // the data starts at a multiple of 64
  header += '\n';

  AtomicFile file(path);
  file.write(magic);
  file.write(
      std::string{'\x01', '\x00', static_cast<char>(header.size() & 0xFFU), static_cast<char>(header.size() >> 8U)});
  file.write(header);
  file.write(values.data(), values.size_bytes());
  file.commit();
}

}  // namespace prelude
