// The numbers in tensors of any dtype.
#pragma once

#include <cstdint>
#include <functional>

#include "tenon/tensor.h"

namespace tenon::tool {

// Calls `use` with each element as a number; with none of a tensor of strings.
void for_each_number(const Tensor& tensor, const std::function<void(double)>& use);

// Of the elements, those that aren't numbers (NaN) left out of min and max.
struct Statistics {
  int64_t count = 0;
  double min = 0, max = 0, mean = 0, l2 = 0;
};
Statistics statistics_of(const Tensor& tensor);

// The bytes of the values in a file; of strings those of their texts.
uint64_t value_bytes(const Tensor& tensor);

}  // namespace tenon::tool
