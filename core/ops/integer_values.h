// Small integer tensors computed while a graph is built, so that shapes made of them are known.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "core/graph/op_def.h"
#include "core/graph/static_value.h"
#include "core/kernels/scalar_ops.h"
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

// Whether Op divides by its second operand, so that it has no value where that is 0.
template <class Op>
inline constexpr bool kDivides =
    std::is_same_v<Op, scalar::FloorDivide> || std::is_same_v<Op, scalar::FloorMod>;

template <class Op, typename T>
std::optional<Tensor> binary_value(const Tensor& x, const Tensor& y) {
  const bool x_scalar = x.shape().rank() == 0, y_scalar = y.shape().rank() == 0;
  const auto a = x.data<T>(), b = y.data<T>();
  Tensor result = uninitialized_tensor(x.dtype(), x_scalar ? y.shape() : x.shape());
  const auto out = result.template mutable_data<T>();
  for (size_t i = 0; i < out.size(); ++i) {
    const T right = b[y_scalar ? 0 : i];
    if (kDivides<Op> && right == 0) return std::nullopt;  // the run says what is wrong
    out[i] = Op()(a[x_scalar ? 0 : i], right);
  }
  return result;
}

// The value of a binary operation of integers where both are known and small, and of one shape or
// one of them a scalar: by the scalar operation that kernels use, so that both always agree.
template <class Op>
std::optional<Tensor> integer_binary_value(const ShapeContext& context) {
  const Tensor x = context.value(0), y = context.value(1);
  if (!x || !y || !is_index_dtype(x.dtype()) || x.element_count() > kMostElementsFolded ||
      y.element_count() > kMostElementsFolded) {
    return std::nullopt;
  }
  const bool scalar = x.shape().rank() == 0 || y.shape().rank() == 0;
  if (!scalar && x.shape() != y.shape()) return std::nullopt;
  return x.dtype() == int32 ? binary_value<Op, int32_t>(x, y) : binary_value<Op, int64_t>(x, y);
}

}  // namespace tenon::internal
