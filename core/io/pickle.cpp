#include "core/io/pickle.h"

#include <array>
#include <utility>

#include "core/error.h"

namespace prelude {
namespace {

// The opcodes of protocol 2 that a tensor's pickle uses (Python's pickletools.py).
enum Opcode : unsigned char {
  op_proto = 0x80,
  op_stop = '.',
  op_mark = '(',
  op_none = 'N',
  op_true = 0x88,
  op_false = 0x89,
  op_int4 = 'J',
  op_int1 = 'K',
  op_int2 = 'M',
  op_long1 = 0x8A,
  op_unicode = 'X',
  op_empty_list = ']',
  op_append = 'a',
  op_appends = 'e',
  op_empty_tuple = ')',
  op_tuple = 't',
  op_tuple1 = 0x85,
  op_tuple2 = 0x86,
  op_tuple3 = 0x87,
  op_empty_dict = '}',
  op_set_item = 's',
  op_set_items = 'u',
  op_put1 = 'q',
  op_put4 = 'r',
  op_get1 = 'h',
  op_get4 = 'j',
  op_global = 'c',
  op_persistent = 'Q',
  op_reduce = 'R',
  op_build = 'b',
};

struct KnownName {
  std::string_view text;
  PickleGlobal global;
};

// A tensor's pickle makes some 30 values. The bounds keep what a hostile one can make small, whatever its length.
constexpr std::size_t most_values = 4096;
constexpr std::size_t most_dimensions = 8;
constexpr std::size_t longest_key = 64;

constexpr std::array<KnownName, 7> known_names{{
    {"torch._utils _rebuild_tensor_v2", {PickleName::rebuild_tensor}},
    {"torch._utils _rebuild_parameter", {PickleName::rebuild_parameter}},
    {"collections OrderedDict", {PickleName::ordered_dict}},
    {"torch FloatStorage", {PickleName::storage_type, FloatType::float32}},
    {"torch DoubleStorage", {PickleName::storage_type, FloatType::float64}},
    {"torch HalfStorage", {PickleName::storage_type, FloatType::float16}},
    {"torch BFloat16Storage", {PickleName::storage_type, FloatType::bfloat16}},
}};

}  // namespace

void PickleReader::unexpected() const {
  fail(
      "'{}' is not a torch.save of one float tensor, or is damaged (byte {} of its pickle); save the prompt alone: "
      "torch.save(prompt.float().cpu(), path)",
      path_, position_);
}

std::string_view PickleReader::take(std::size_t bytes) {
  if (bytes > bytes_.size() - position_) unexpected();
  position_ += bytes;
  return bytes_.substr(position_ - bytes, bytes);
}

std::uint64_t PickleReader::number(std::size_t bytes) {
  std::uint64_t value = 0;
  const std::string_view digits = take(bytes);
  for (std::size_t i = 0; i < bytes; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(digits[i])) << (8 * i);
  }
  return value;
}

std::string_view PickleReader::line() {
  const std::size_t end = bytes_.find('\n', position_);
  if (end == std::string_view::npos || end - position_ > 200) unexpected();
  const std::string_view text = take(end - position_);
  ++position_;
  return text;
}

void PickleReader::push(PickleValue value) {
  if (arena_.size() >= most_values) unexpected();
  arena_.push_back(std::move(value));
  stack_.push_back(arena_.size() - 1);
}

PickleRef PickleReader::pop() {
  if (stack_.empty()) unexpected();
  const PickleRef top = stack_.back();
  stack_.pop_back();
  return top;
}

std::vector<PickleRef> PickleReader::pop_to_mark() {
  std::size_t first = stack_.size();
  while (first > 0 && !std::holds_alternative<PickleMark>(at(stack_[first - 1]))) --first;
  if (first == 0) unexpected();
  std::vector<PickleRef> items(stack_.begin() + static_cast<std::ptrdiff_t>(first), stack_.end());
  stack_.resize(first - 1);
  return items;
}

void PickleReader::tuple(std::size_t count) {
  if (stack_.size() < count) unexpected();
  PickleTuple value{{stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end()}};
  stack_.resize(stack_.size() - count);
  push(std::move(value));
}

void PickleReader::set_items(const std::vector<PickleRef>& items) {
  if (items.size() % 2 != 0) unexpected();
  auto& dict = top<PickleDict>();
  for (std::size_t i = 0; i < items.size(); i += 2) dict.items.emplace_back(items[i], items[i + 1]);
}

// A name that the pickle could call. Nothing is looked up or called: it is matched with the list above.
void PickleReader::global() {
  const std::string module(line());
  const std::string name(line());
  const std::string text = module + " " + name;
  for (const KnownName& known : known_names) {
    if (known.text == text) return push(known.global);
  }
  require(module != "torch" || !name.ends_with("Storage"),
          "'{}' holds a {}; save float numbers: torch.save(prompt.float(), path)", path_, name);
  fail("'{}' asks to run '{}.{}'; only one plain tensor is read from a .pt file, and nothing is ever run", path_,
       module, name);
}

std::vector<std::int64_t> PickleReader::integers(PickleRef ref) const {
  std::vector<std::int64_t> result;
  const auto& items = as<PickleTuple>(ref).items;
  if (items.size() > most_dimensions) unexpected();
  result.reserve(items.size());
  for (const PickleRef item : items) result.push_back(as<std::int64_t>(item));
  return result;
}

// _rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad, hooks[, metadata]).
PickleTensor PickleReader::rebuild(const PickleTuple& arguments) const {
  if (arguments.items.size() < 6) unexpected();
  PickleTensor tensor;
  tensor.storage = as<PickleStorage>(arguments.items[0]);
  tensor.offset = as<std::int64_t>(arguments.items[1]);
  tensor.shape = integers(arguments.items[2]);
  tensor.strides = integers(arguments.items[3]);
  if (tensor.shape.size() != tensor.strides.size()) unexpected();
  return tensor;
}

void PickleReader::reduce() {
  const auto& arguments = as<PickleTuple>(pop());
  switch (as<PickleGlobal>(pop()).name) {
    case PickleName::ordered_dict:
      if (!arguments.items.empty()) unexpected();
      return push(PickleDict{});
    case PickleName::rebuild_tensor:
      return push(rebuild(arguments));
    case PickleName::rebuild_parameter:  // (tensor, requires_grad, hooks)
      if (arguments.items.empty()) unexpected();
      return push(as<PickleTensor>(arguments.items[0]));
    case PickleName::storage_type:
      break;
  }
  unexpected();
}

// ('storage', type, key, place[, elements[, view]]): numbers outside the pickle.
void PickleReader::persistent() {
  const auto& id = as<PickleTuple>(pop());
  if (id.items.size() < 5 || as<std::string>(id.items[0]) != "storage") unexpected();
  const auto& type = as<PickleGlobal>(id.items[1]);
  if (type.name != PickleName::storage_type) unexpected();
  if (id.items.size() > 5) as<PickleNone>(id.items[5]);  // a view of another storage: before torch 0.4
  const auto& key = as<std::string>(id.items[2]);
  if (key.size() > longest_key) unexpected();
  push(PickleStorage{key, type.type, as<std::int64_t>(id.items[4])});
}

PickleRef PickleReader::load() {
  stack_.clear();
  memo_.clear();
  for (;;) {
    const auto opcode = static_cast<unsigned char>(number(1));
    if (opcode == op_stop) break;
    step(opcode);
  }
  if (stack_.size() != 1) unexpected();
  return pop();
}

void PickleReader::step(unsigned char opcode) {
  switch (opcode) {
    case op_proto:
      if (number(1) > 5) unexpected();
      return;
    case op_mark:
      return push(PickleMark{});
    case op_none:
      return push(PickleNone{});
    case op_true:
      return push(true);
    case op_false:
      return push(false);
    case op_int1:
      return push(static_cast<std::int64_t>(number(1)));
    case op_int2:
      return push(static_cast<std::int64_t>(number(2)));
    case op_int4:
      return push(std::int64_t{static_cast<std::int32_t>(number(4))});
    case op_long1: {
      const std::uint64_t size = number(1);
      if (size > 8) unexpected();
      const std::uint64_t bits = number(size);
      const unsigned unused = 64U - 8U * static_cast<unsigned>(size);  // sign-extend
      return push(size == 0 ? std::int64_t{0} : static_cast<std::int64_t>(bits << unused) >> unused);
    }
    case op_unicode:
      return push(std::string(take(number(4))));
    case op_empty_list:
    case op_empty_tuple:
      return push(PickleTuple{});
    case op_empty_dict:
      return push(PickleDict{});
    case op_append:
    case op_appends: {
      const std::vector<PickleRef> items = opcode == op_append ? std::vector<PickleRef>{pop()} : pop_to_mark();
      auto& list = top<PickleTuple>().items;
      list.insert(list.end(), items.begin(), items.end());
      return;
    }
    case op_tuple:
      return push(PickleTuple{pop_to_mark()});
    case op_tuple1:
      return tuple(1);
    case op_tuple2:
      return tuple(2);
    case op_tuple3:
      return tuple(3);
    case op_set_item: {
      const PickleRef value = pop();
      const PickleRef key = pop();
      return set_items({key, value});
    }
    case op_set_items:
      return set_items(pop_to_mark());
    case op_put1:
    case op_put4:
      if (stack_.empty()) unexpected();
      memo_[number(opcode == op_put1 ? 1 : 4)] = stack_.back();
      return;
    case op_get1:
    case op_get4: {
      const auto found = memo_.find(number(opcode == op_get1 ? 1 : 4));
      if (found == memo_.end()) unexpected();
      return stack_.push_back(found->second);
    }
    case op_global:
      return global();
    case op_persistent:
      return persistent();
    case op_reduce:
      return reduce();
    case op_build:  // an OrderedDict's attributes (a module's state_dict has version numbers there)
      pop();
      top<PickleDict>();
      return;
    default:
      unexpected();
  }
}

}  // namespace prelude
