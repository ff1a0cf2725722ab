// TensorProto and TensorShapeProto: the values of tensors in V1 checkpoints and in graphs.
//
// Reading throws protozero::exception for bytes that are no such message.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tenon/shape.h"
#include "tenon/tensor.h"

namespace tenon::internal {

// TensorShapeProto. One of unknown rank is Shape::unknown(); unknown sizes are kUnknown.
Shape decode_shape(std::string_view bytes);

// Puts the values into the tensor, whose dtype they must be stored as. False when there isn't one
// for each element.
bool decode_tensor_values(std::string_view bytes, Tensor& tensor);

// What a TensorProto says before its values are read.
struct TensorHeader {
  int32_t dtype = 0;  // TensorFlow's number
  Shape shape = {};
  std::string_view content = {};  // the values as they are in memory, or nothing
};
TensorHeader decode_tensor_header(std::string_view bytes);

// The one value that fills the tensor of a TensorProto, as a scalar; nothing where there are
// several or none, or Tenon hasn't got the dtype.
std::optional<Tensor> decode_fill_value(std::string_view bytes);

// A whole TensorProto: its values one by one, as the bytes that they are in memory, or fewer than
// there are elements: then the last one is that of all that are missing, and zero where there is
// none. Nothing where the message contradicts itself, where Tenon hasn't got the dtype, or where
// the tensor takes more than `most` bytes.
std::optional<Tensor> decode_tensor(std::string_view bytes, uint64_t most);

}  // namespace tenon::internal
