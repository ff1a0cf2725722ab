// What tasks of different processes say to each other: numbers, texts and tensors, one after the
// other. Who reads knows what was written: nothing says what it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/backend/messenger.h"
#include "core/tensor/attr_value.h"
#include "tenon/error.h"
#include "tenon/shape.h"
#include "tenon/tensor.h"

namespace tenon::internal {

// A message that is written. Tensors lie in the host's memory, and stay what they are until it has
// been sent; large ones go without a copy.
class Message {
 public:
  template <typename T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>) Message& add(T number) {
    return add_bytes(&number, sizeof number);
  }
  Message& add(double number) { return add_bytes(&number, sizeof number); }
  Message& add(std::string_view text);
  Message& add(const char* text) { return add(std::string_view(text)); }
  Message& add(const std::string& text) { return add(std::string_view(text)); }
  Message& add(const Shape& shape);
  Message& add(const Tensor& tensor);  // an empty one too
  Message& add(const AttrValue& value);
  template <typename T>
  Message& add(const std::vector<T>& items) {
    add(items.size());
    for (const T& item : items) add(item);
    return *this;
  }

  Message& add(Message message);  // what that one says

  WireMessage to_wire() &&;

 private:
  Message& add_bytes(const void* bytes, size_t count);

  std::string head_;
  std::vector<Tensor> large_;
};

// A message that is read, from its beginning. Throws DataLossError (corrupt_file) where there is
// less than is asked for.
class MessageReader {
 public:
  MessageReader() = default;
  explicit MessageReader(WireMessage message);
  // Gives the blocks of a message that comes in memory.
  static void make_room(WireMessage& message);

  template <typename T>
  T number() {
    T value;
    take(&value, sizeof value);
    return value;
  }
  std::string text();
  Shape shape();
  Tensor tensor();
  AttrValue attr_value();
  template <typename T, typename Read>
  std::vector<T> list(const Read& read) {
    std::vector<T> items;
    for (size_t left = number<size_t>(); left > 0; --left) items.push_back(read());
    return items;
  }
  template <typename T>
  std::vector<T> numbers() {
    return list<T>([this] { return number<T>(); });
  }

 private:
  void take(void* to, size_t bytes);
  std::string_view take(size_t bytes);
  template <size_t kIndex>
  AttrValue attr_value_of(size_t index);
  template <typename T>
  void read(T& value);
  template <typename T>
  void read(std::vector<T>& values);

  std::string head_;
  size_t at_ = 0;
  std::vector<Tensor> blocks_;
  size_t next_block_ = 0;
};

// An error on its way to whoever asked: it keeps class, kind and message.
Message& add_error(Message& message, const std::exception& error);
// Throws it, with `where` behind its message.
[[noreturn]] void throw_error(MessageReader& reader, const std::string& where);

}  // namespace tenon::internal
