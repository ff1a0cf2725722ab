#include "core/io/tensor_proto.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/types.hpp>
#include <string>
#include <string_view>

namespace tenon::internal {

namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

// Fields of a TensorProto, one for each way to store a value.
constexpr uint32_t kFloats = 5, kDoubles = 6, kInts = 7, kStrings = 8, kInt64s = 10, kBools = 11,
                   kHalves = 13;

// Whether this is that field, written so. A field of numbers is packed into bytes, or is not.
bool is_field(const pbf_reader& message, uint32_t number, pbf_wire_type type) {
  return message.tag() == number && message.wire_type() == type;
}
bool is_packed(const pbf_reader& message, uint32_t number) {
  return is_field(message, number, pbf_wire_type::length_delimited);
}

// Takes a field's numbers one after the other, packed or not, as elements.
template <typename Stored>
class Values {
 public:
  explicit Values(Tensor& tensor)
      : next_(static_cast<Stored*>(tensor.raw())), left_(tensor.element_count()) {}
  template <typename Number>
  void put(Number number) {
    if (--left_ >= 0) *next_++ = static_cast<Stored>(number);
  }
  bool complete() const { return left_ == 0; }

 private:
  Stored* next_;
  int64_t left_;  // negative: there were too many
};

// A field of numbers that are written as `type` one by one, or packed: what reads them so.
template <typename Stored, typename Packed, typename Single>
bool decode_field(std::string_view bytes, uint32_t number, pbf_wire_type type, Packed packed,
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
  return values.complete();
}

template <typename Stored>
bool decode_varints(std::string_view bytes, uint32_t number, Tensor& tensor) {
  return decode_field<Stored>(bytes, number, pbf_wire_type::varint, &pbf_reader::get_packed_int64,
                              &pbf_reader::get_int64, tensor);
}
bool decode_floats(std::string_view bytes, Tensor& tensor) {
  return decode_field<float>(bytes, kFloats, pbf_wire_type::fixed32, &pbf_reader::get_packed_float,
                             &pbf_reader::get_float, tensor);
}
bool decode_doubles(std::string_view bytes, Tensor& tensor) {
  return decode_field<double>(bytes, kDoubles, pbf_wire_type::fixed64,
                              &pbf_reader::get_packed_double, &pbf_reader::get_double, tensor);
}

bool decode_strings(std::string_view bytes, Tensor& tensor) {
  Values<std::string> values(tensor);
  pbf_reader message(bytes.data(), bytes.size());
  while (message.next()) {
    if (is_packed(message, kStrings)) {
      values.put(message.get_string());
    } else {
      message.skip();
    }
  }
  return values.complete();
}

}  // namespace

bool decode_tensor_values(std::string_view bytes, Tensor& tensor) {
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
    case DType::int64:
      return decode_varints<int64_t>(bytes, kInt64s, tensor);
    case DType::bool_:
      return decode_varints<bool>(bytes, kBools, tensor);
    case DType::float16:
    case DType::bfloat16:
      return decode_varints<uint16_t>(bytes, kHalves, tensor);
    default:
      return false;
  }
}

}  // namespace tenon::internal
