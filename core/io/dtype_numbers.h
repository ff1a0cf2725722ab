// TensorFlow's numbers of dtypes in files, which are DType's own, and names of them: of those too
// that Tenon hasn't got.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tenon/dtype.h"

namespace tenon::internal {

// Invalid where Tenon hasn't got it, or holds no values of it.
DType dtype_of_number(int32_t number);
// The same of a graph's tensors: those of quantized numbers (quint8) are the integers that stand
// for them.
DType graph_dtype_of_number(int32_t number);
// "float32".
std::string dtype_name_of_number(int32_t number);
// "DT_FLOAT", of "float32".
std::string enum_name_of_dtype(std::string_view dtype_name);
// The number of "DT_FLOAT"; 0 where there is none of that name.
int32_t dtype_number_of_enum(std::string_view enum_name);

}  // namespace tenon::internal
