#include "core/io/tensor_proto.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <protozero/types.hpp>
#include <string>
#include <string_view>

#include "core/io/dtype_numbers.h"
#include "core/io/proto_fields.h"
#include "core/io/tensor_slice.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {

namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

// Fields of a TensorProto, one for each way to store a value.
constexpr uint32_t kFloats = 5, kDoubles = 6, kInts = 7, kStrings = 8, kInt64s = 10, kBools = 11,
                   kHalves = 13, kUint32s = 16, kUint64s = 17;

// Whether this is that field, written so. A field of numbers is packed into bytes, or is not.
bool is_field(const pbf_reader& message, uint32_t number, pbf_wire_type type) {
  return message.tag() == number && message.wire_type() == type;
}
bool is_packed(const pbf_reader& message, uint32_t number) {
  return is_field(message, number, pbf_wire_type::length_delimited);
}

using Count = std::optional<int64_t>;

// Takes a field's numbers one after the other, packed or not, as elements.
template <typename Stored>
class Values {
 public:
  explicit Values(Tensor& tensor)
      : next_(static_cast<Stored*>(tensor.raw())), count_(tensor.element_count()), left_(count_) {}
  template <typename Number>
  void put(Number number) {
    if (--left_ >= 0) *next_++ = static_cast<Stored>(number);
  }
  // How many were put; nothing where there were too many.
  std::optional<int64_t> count() const {
    return left_ < 0 ? std::nullopt : std::optional<int64_t>(count_ - left_);
  }

 private:
  Stored* next_;
  int64_t count_, left_;  // left_ is negative where there were too many
};

// A field of numbers that are written as `type` one by one, or packed: what reads them so.
template <typename Stored, typename Packed, typename Single>
Count decode_field(std::string_view bytes, uint32_t number, pbf_wire_type type, Packed packed,
                   Single single, Tensor& tensor) {
  Values<Stored> values(tensor);
  pbf_reader message(bytes.data(), bytes.size());
  while (message.next()) {
    if (is_packed(message, number)) {
      for (const auto value : (message.*packed)()) values.put(value);
    } else if (is_field(message, number, type)) {
      values.put((message.*single)());
    } else {
      message.skip();
    }
  }
  return values.count();
}

template <typename Stored>
Count decode_varints(std::string_view bytes, uint32_t number, Tensor& tensor) {
  return decode_field<Stored>(bytes, number, pbf_wire_type::varint, &pbf_reader::get_packed_int64,
                              &pbf_reader::get_int64, tensor);
}
Count decode_floats(std::string_view bytes, Tensor& tensor) {
  return decode_field<float>(bytes, kFloats, pbf_wire_type::fixed32, &pbf_reader::get_packed_float,
                             &pbf_reader::get_float, tensor);
}
Count decode_doubles(std::string_view bytes, Tensor& tensor) {
  return decode_field<double>(bytes, kDoubles, pbf_wire_type::fixed64,
                              &pbf_reader::get_packed_double, &pbf_reader::get_double, tensor);
}

Count decode_strings(std::string_view bytes, Tensor& tensor) {
  Values<std::string> values(tensor);
  pbf_reader message(bytes.data(), bytes.size());
  while (message.next()) {
    if (is_packed(message, kStrings)) {
      values.put(message.get_string());
    } else {
      message.skip();
    }
  }
  return values.count();
}

Count decode_values(std::string_view bytes, Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::float32:
      return decode_floats(bytes, tensor);
    case DType::float64:
      return decode_doubles(bytes, tensor);
    case DType::string:
      return decode_strings(bytes, tensor);
    case DType::int32:
      return decode_varints<int32_t>(bytes, kInts, tensor);
    case DType::int16:
      return decode_varints<int16_t>(bytes, kInts, tensor);
    case DType::uint16:
      return decode_varints<uint16_t>(bytes, kInts, tensor);
    case DType::int8:
      return decode_varints<int8_t>(bytes, kInts, tensor);
    case DType::uint8:
      return decode_varints<uint8_t>(bytes, kInts, tensor);
    case DType::uint32:
      return decode_varints<uint32_t>(bytes, kUint32s, tensor);
    case DType::int64:
      return decode_varints<int64_t>(bytes, kInt64s, tensor);
    case DType::uint64:
      return decode_varints<uint64_t>(bytes, kUint64s, tensor);
    case DType::bool_:
      return decode_varints<bool>(bytes, kBools, tensor);
    case DType::float16:
    case DType::bfloat16:
      return decode_varints<uint16_t>(bytes, kHalves, tensor);
    default:
      return std::nullopt;
  }
}

// The elements from `count` on are the one before them, or zero.
template <typename Element>
void fill_rest(Tensor& tensor, int64_t count) {
  auto* elements = static_cast<Element*>(tensor.raw());
  const Element rest = count == 0 ? Element() : elements[count - 1];
  std::fill(elements + count, elements + tensor.element_count(), rest);
}

void fill_rest(Tensor& tensor, int64_t count) {
  if (tensor.dtype() == DType::string) return fill_rest<std::string>(tensor, count);
  switch (size_of(tensor.dtype())) {
    case 1:
      return fill_rest<uint8_t>(tensor, count);
    case 2:
      return fill_rest<uint16_t>(tensor, count);
    case 4:
      return fill_rest<uint32_t>(tensor, count);
    default:
      return fill_rest<uint64_t>(tensor, count);
  }
}

}  // namespace

// TensorShapeProto. One of unknown rank is Shape::unknown().
Shape decode_shape(std::string_view bytes) {
  Shape shape;
  pbf_reader message = reader_of(bytes);
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(2)) {
      pbf_reader dimension = message.get_message();
      int64_t size = 0;
      while (dimension.next()) {
        if (dimension.tag_and_type() == varint_field(1)) {
          size = dimension.get_int64();
        } else {
          dimension.skip();
        }
      }
      shape.push_back(size);
    } else if (message.tag_and_type() == varint_field(3)) {
      if (message.get_bool()) return Shape::unknown();
    } else {
      message.skip();
    }
  }
  return shape;
}

bool decode_tensor_values(std::string_view bytes, Tensor& tensor) {
  return decode_values(bytes, tensor) == tensor.element_count();
}

TensorHeader decode_tensor_header(std::string_view bytes) {
  TensorHeader header;
  MessageField shape;
  pbf_reader message = reader_of(bytes);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case varint_field(1):
        header.dtype = message.get_enum();
        break;
      case bytes_field(2):
        shape.add(view_of(message));
        break;
      case bytes_field(4):
        header.content = view_of(message);
        break;
      default:
        message.skip();
    }
  }
  header.shape = decode_shape(shape.bytes());
  return header;
}

std::optional<Tensor> decode_fill_value(std::string_view bytes) {
  const DType dtype = graph_dtype_of_number(decode_tensor_header(bytes).dtype);
  if (dtype == DType::invalid) return std::nullopt;
  Tensor value = uninitialized_tensor(dtype, {});
  if (!decode_tensor_values(bytes, value)) return std::nullopt;
  return value;
}

std::optional<Tensor> decode_tensor(std::string_view bytes, uint64_t most) {
  const TensorHeader header = decode_tensor_header(bytes);
  const DType dtype = graph_dtype_of_number(header.dtype);
  const std::optional<int64_t> count = count_said(header.shape);
  if (dtype == DType::invalid || !count) return std::nullopt;
  const uint64_t size = dtype == DType::string ? sizeof(std::string) : size_of(dtype);
  if (static_cast<uint64_t>(*count) > most / size) return std::nullopt;
  Tensor tensor = uninitialized_tensor(dtype, header.shape);
  const std::string_view content = header.content;
  if (!content.empty() && dtype != DType::string) {
    if (content.size() != tensor.bytes()) return std::nullopt;
    std::memcpy(tensor.raw(), content.data(), content.size());
    return tensor;
  }
  const Count values = decode_values(bytes, tensor);
  if (!values) return std::nullopt;
  fill_rest(tensor, *values);
  return tensor;
}

}  // namespace tenon::internal
