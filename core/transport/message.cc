#include "core/transport/message.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "core/base/check.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {
namespace {

// Tensors of up to so many bytes go with the head: a block is a message of its own.
constexpr size_t kSmallBytes = 4096;
constexpr int64_t kUnknownRank = -1;

// What classes of errors are numbered by: the derived ones only.
template <typename... Errors>
struct ErrorClasses {
  static uint8_t number_of(const std::exception& error) {
    uint8_t number = 0;
    const bool found = ((++number, dynamic_cast<const Errors*>(&error) != nullptr) || ...);
    return found ? number : uint8_t{0};
  }
  static void throw_of(uint8_t number, ErrorKind kind, const std::string& message) {
    uint8_t at = 0;
    const auto try_it = [&]<typename E>(std::type_identity<E>) {
      if (++at == number) throw E(kind, message);
    };
    (try_it(std::type_identity<Errors>()), ...);
    throw RuntimeError(kind, message);
  }
};
using AllErrors =
    ErrorClasses<ValueError, TypeError, KeyError, RuntimeError, InvalidArgumentError,
                 FailedPreconditionError, NotFoundError, OutOfRangeError, ResourceExhaustedError,
                 DeadlineExceededError, PermissionDeniedError, DataLossError, UnimplementedError>;

}  // namespace

Message& Message::add_bytes(const void* bytes, size_t count) {
  head_.append(static_cast<const char*>(bytes), count);
  return *this;
}

Message& Message::add(std::string_view text) {
  add(text.size());
  return add_bytes(text.data(), text.size());
}

Message& Message::add(const Shape& shape) {
  add(shape.has_rank() ? int64_t{shape.rank()} : kUnknownRank);
  if (!shape.has_rank()) return *this;
  for (const int64_t size : shape.sizes()) add(size);
  return *this;
}

Message& Message::add(const Tensor& tensor) {
  add(tensor ? tensor.dtype() : DType::invalid);
  if (!tensor) return *this;
  add(tensor.shape());
  if (tensor.dtype() == DType::string) {
    for (const std::string& text : tensor.data<std::string>()) add(text);
  } else if (tensor.bytes() <= kSmallBytes) {
    add_bytes(tensor.raw(), tensor.bytes());
  } else {
    large_.push_back(tensor);
  }
  return *this;
}

Message& Message::add(const AttrValue& value) {
  add(value.index());
  std::visit([this](const auto& of) { add(of); }, value);
  return *this;
}

Message& Message::add(Message message) {
  head_ += message.head_;
  for (Tensor& tensor : message.large_) large_.push_back(std::move(tensor));
  return *this;
}

WireMessage Message::to_wire() && {
  constexpr size_t kMostBytes = size_t{1} << 30;
  require<ResourceExhaustedError>(head_.size() <= kMostBytes, ErrorKind::resource_exhausted,
                                  "A message between tasks has ", head_.size(), " bytes of texts; ",
                                  kMostBytes, " are the most");
  WireMessage wire{.head = std::move(head_)};
  for (const Tensor& tensor : large_) wire.blocks.push_back({tensor.raw(), tensor.bytes()});
  wire.owner = std::make_shared<std::vector<Tensor>>(std::move(large_));
  return wire;
}

void MessageReader::make_room(WireMessage& message) {
  auto blocks = std::make_shared<std::vector<Tensor>>();
  for (MessageBlock& block : message.blocks) {
    blocks->push_back(uninitialized_tensor(DType::uint8, Shape{static_cast<int64_t>(block.bytes)}));
    block.data = blocks->back().raw();
  }
  message.owner = std::move(blocks);
}

MessageReader::MessageReader(WireMessage message) : head_(std::move(message.head)) {
  if (message.owner) blocks_ = std::move(*static_cast<std::vector<Tensor>*>(message.owner.get()));
}

std::string_view MessageReader::take(size_t bytes) {
  require<DataLossError>(bytes <= head_.size() - at_, ErrorKind::corrupt_file,
                         "A message between tasks ends before what it says it has");
  const std::string_view taken = std::string_view(head_).substr(at_, bytes);
  at_ += bytes;
  return taken;
}

void MessageReader::take(void* to, size_t bytes) { std::memcpy(to, take(bytes).data(), bytes); }

std::string MessageReader::text() { return std::string(take(number<size_t>())); }

Shape MessageReader::shape() {
  const auto rank = number<int64_t>();
  if (rank == kUnknownRank) return Shape::unknown();
  Shape shape;
  for (int64_t i = 0; i < rank; ++i) shape.push_back(number<int64_t>());
  return shape;
}

Tensor MessageReader::tensor() {
  const auto dtype = number<DType>();
  if (dtype == DType::invalid) return {};
  const Shape size = shape();
  if (dtype == DType::string) {
    Tensor tensor(dtype, size);
    for (std::string& value : tensor.mutable_data<std::string>()) value = text();
    return tensor;
  }
  const size_t bytes = static_cast<size_t>(size.element_count()) * size_of(dtype);
  if (bytes <= kSmallBytes) {
    Tensor tensor = uninitialized_tensor(dtype, size);
    take(tensor.raw(), bytes);
    return tensor;
  }
  require<DataLossError>(next_block_ < blocks_.size() && blocks_[next_block_].bytes() == bytes,
                         ErrorKind::corrupt_file,
                         "A tensor of a message between tasks didn't come with it");
  const Tensor block = std::move(blocks_[next_block_++]);
  return {dtype, size, block.buffer(), 0};
}

template <typename T>
void MessageReader::read(T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    value = text();
  } else if constexpr (std::is_same_v<T, Shape>) {
    value = shape();
  } else if constexpr (std::is_same_v<T, Tensor>) {
    value = tensor();
  } else {
    value = number<T>();
  }
}

template <typename T>
void MessageReader::read(std::vector<T>& values) {
  for (size_t left = number<size_t>(); left > 0; --left) {
    T value;
    read(value);
    values.push_back(std::move(value));
  }
}

template <size_t kIndex>
AttrValue MessageReader::attr_value_of(size_t index) {
  if constexpr (kIndex == std::variant_size_v<AttrValue>) {
    fail<DataLossError>(ErrorKind::corrupt_file,
                        "A message between tasks has an attribute of an "
                        "unknown kind");
  } else {
    if (index != kIndex) return attr_value_of<kIndex + 1>(index);
    std::variant_alternative_t<kIndex, AttrValue> value;
    read(value);
    return value;
  }
}

AttrValue MessageReader::attr_value() { return attr_value_of<0>(number<size_t>()); }

Message& add_error(Message& message, const std::exception& error) {
  const auto* ours = dynamic_cast<const Error*>(&error);
  return message.add(AllErrors::number_of(error))
      .add(ours == nullptr ? ErrorKind::bad_argument : ours->kind())
      .add(error.what());
}

void throw_error(MessageReader& reader, const std::string& where) {
  const auto number = reader.number<uint8_t>();
  const auto kind = reader.number<ErrorKind>();
  const std::string text = reader.text() + where;
  AllErrors::throw_of(number, kind, text);
  throw RuntimeError(kind, text);  // the compiler doesn't see that it has thrown
}

}  // namespace tenon::internal
