// Tensors of every dtype: their values as numbers, and whether two are the same.
#pragma once

#include <string>
#include <vector>

#include "tenon/tensor.h"

namespace tenon::test {

// Every dtype that a tensor can be of.
const std::vector<DType>& all_dtypes();
// A tensor of that dtype and shape whose elements differ.
Tensor some_tensor(DType dtype, const Shape& shape);
// The elements of a tensor that isn't one of strings.
std::vector<double> numbers_of(const Tensor& tensor);
// Whether dtype, shape and every bit are the same.
bool same_bits(const Tensor& a, const Tensor& b);

}  // namespace tenon::test
