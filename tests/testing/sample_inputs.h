// The inputs of samples, in few words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/testing/operation_samples.h"

namespace tenon::testing {

using Int64s = std::vector<int64_t>;
using Samples = std::vector<OperationSample>;

inline SampleInput floats(const Shape& shape) { return {.shape = shape}; }
inline SampleInput bools(const Shape& shape) { return {.dtype = bool_, .shape = shape}; }
inline SampleInput number(int64_t value, DType dtype = int32) { return {dtype, {}, {value}}; }
inline SampleInput list(const Int64s& values, DType dtype = int32) {
  return {dtype, Shape{static_cast<int64_t>(values.size())}, values};
}
inline SampleInput pairs(const Int64s& values) {
  return {int32, Shape{static_cast<int64_t>(values.size() / 2), 2}, values};
}
inline SampleInput texts(const Shape& shape, const std::string& text = "a b") {
  return {.dtype = string, .shape = shape, .text = text};
}

}  // namespace tenon::testing
