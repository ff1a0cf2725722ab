// The values in a TensorProto: how V1 checkpoints store a part of a tensor.
#pragma once

#include <string_view>

#include "tenon/tensor.h"

namespace tenon::internal {

// Puts the values into the tensor, whose dtype they must be stored as. False when there isn't one
// for each element. Throws protozero::exception for bytes that are no such message.
bool decode_tensor_values(std::string_view bytes, Tensor& tensor);

}  // namespace tenon::internal
