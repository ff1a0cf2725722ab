// Small integer tensors computed while a graph is built, so that shapes made of them are known.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "core/graph/op_def.h"
#include "core/graph/static_value.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {

inline constexpr int64_t kMostElementsFolded = 1024;

inline bool is_index_dtype(DType dtype) { return dtype == int32 || dtype == int64; }

// A tensor of int32 or int64 with those elements.
inline Tensor integer_tensor(DType dtype, const Shape& shape, const std::vector<int64_t>& numbers) {
  Tensor tensor = uninitialized_tensor(dtype, shape);
  if (dtype == int32) {
    std::transform(numbers.begin(), numbers.end(), tensor.mutable_data<int32_t>().begin(),
                   [](int64_t number) { return static_cast<int32_t>(number); });
  } else {
    std::copy(numbers.begin(), numbers.end(), tensor.mutable_data<int64_t>().begin());
  }
  return tensor;
}

// The value of a binary operation of integers where both are known and small, and of one shape or
// one of them a scalar.
template <typename F>
std::optional<Tensor> integer_binary_value(const ShapeContext& context, F&& f) {
  const Tensor x = context.value(0), y = context.value(1);
  if (!x || !y || !is_index_dtype(x.dtype()) || x.element_count() > kMostElementsFolded ||
      y.element_count() > kMostElementsFolded) {
    return std::nullopt;
  }
  const bool x_scalar = x.shape().rank() == 0, y_scalar = y.shape().rank() == 0;
  if (!x_scalar && !y_scalar && x.shape() != y.shape()) return std::nullopt;
  const std::vector<int64_t> a = to_integers(x), b = to_integers(y);
  std::vector<int64_t> result(x_scalar ? b.size() : a.size());
  for (size_t i = 0; i < result.size(); ++i) {
    const std::optional<int64_t> value = f(a[x_scalar ? 0 : i], b[y_scalar ? 0 : i]);
    if (!value) return std::nullopt;
    result[i] = *value;
  }
  return integer_tensor(x.dtype(), x_scalar ? y.shape() : x.shape(), result);
}

}  // namespace tenon::internal
