// Tensors that a rule makes, and what compares tensors.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

#include "core/base/check.h"
#include "core/tensor/element_types.h"
#include "core/tensor/half.h"
#include "tenon/tensor.h"

namespace tenon {
namespace {

using internal::require;
using internal::with_element_type;

// An element as one compares it: a half as the float that it is.
template <typename T>
auto comparable(const T& element) {
  if constexpr (std::is_same_v<T, internal::Half> || std::is_same_v<T, internal::Bfloat16>) {
    return static_cast<float>(element);
  } else {
    return element;
  }
}

// Of tensors on the host, with one dtype and one shape.
template <typename Same>
bool all_elements(const Tensor& a, const Tensor& b, Same same) {
  return with_element_type(a.dtype(), [&]<typename T>(const T&) {
    const auto* from = static_cast<const T*>(a.raw());
    return std::equal(from, from + a.element_count(), static_cast<const T*>(b.raw()),
                      [&](const T& x, const T& y) { return same(comparable(x), comparable(y)); });
  });
}

template <typename T>
int64_t steps_between(T start, T stop, T step) {
  require<ValueError>(step != T{0}, ErrorKind::bad_argument, "arange needs a step other than 0");
  if (step > T{0} ? !(start < stop) : !(start > stop)) return 0;
  if constexpr (std::is_integral_v<T>) {
    const auto from = static_cast<uint64_t>(start), to = static_cast<uint64_t>(stop);
    const auto by = static_cast<uint64_t>(step);  // modulo 2^64, as these
    const uint64_t count = step > T{0} ? (to - from - 1) / by + 1 : (from - to - 1) / (0 - by) + 1;
    return static_cast<int64_t>(
        std::min(count, static_cast<uint64_t>(std::numeric_limits<int64_t>::max())));
  } else {
    const double count = std::ceil((static_cast<double>(stop) - static_cast<double>(start)) /
                                   static_cast<double>(step));
    require<ValueError>(count < 0x1p62, ErrorKind::bad_argument, "arange from ", start, " to ",
                        stop, " by ", step, " has too many elements");
    return static_cast<int64_t>(count);
  }
}

}  // namespace

Tensor Tensor::zeros(const Shape& shape, DType dtype) { return Tensor(dtype, shape); }

Tensor Tensor::ones(const Shape& shape, DType dtype) {
  Tensor one(dtype, {});
  with_element_type(dtype, [&]<typename T>(const T&) {
    if constexpr (std::is_same_v<T, std::string>) {
      internal::fail<TypeError>(ErrorKind::dtype_incompatible, "There is no one among strings");
    } else {
      *static_cast<T*>(one.raw()) = static_cast<T>(1.0f);
    }
  });
  return full(shape, one);
}

Tensor Tensor::full(const Shape& shape, const Tensor& value) {
  value.check_single();
  value.check_dtype(value.dtype());
  Tensor filled(value.dtype(), shape);
  with_element_type(value.dtype(), [&]<typename T>(const T&) {
    std::fill_n(static_cast<T*>(filled.raw()), filled.count_, *static_cast<const T*>(value.raw()));
  });
  return filled;
}

template <internal::RealElement T>
Tensor Tensor::arange(T start, T stop, T step) {
  Tensor numbers(dtype_of<T>, {steps_between(start, stop, step)});
  T* to = numbers.mutable_data<T>().data();
  for (int64_t i = 0; i < numbers.count_; ++i) {
    if constexpr (std::is_integral_v<T>) {
      to[i] = static_cast<T>(static_cast<uint64_t>(start) +
                             static_cast<uint64_t>(i) * static_cast<uint64_t>(step));
    } else {
      to[i] = static_cast<T>(static_cast<double>(start) +
                             static_cast<double>(i) * static_cast<double>(step));
    }
  }
  return numbers;
}
template Tensor Tensor::arange(int8_t, int8_t, int8_t);
template Tensor Tensor::arange(uint8_t, uint8_t, uint8_t);
template Tensor Tensor::arange(int16_t, int16_t, int16_t);
template Tensor Tensor::arange(uint16_t, uint16_t, uint16_t);
template Tensor Tensor::arange(int32_t, int32_t, int32_t);
template Tensor Tensor::arange(uint32_t, uint32_t, uint32_t);
template Tensor Tensor::arange(int64_t, int64_t, int64_t);
template Tensor Tensor::arange(uint64_t, uint64_t, uint64_t);
template Tensor Tensor::arange(float, float, float);
template Tensor Tensor::arange(double, double, double);

bool Tensor::is_like(const Tensor& other) const {
  if (dtype_ != other.dtype_ || !(shape_ == other.shape_)) return false;
  if (dtype_ == DType::invalid) return true;
  check_dtype(dtype_);
  other.check_dtype(dtype_);
  return true;
}

bool Tensor::operator==(const Tensor& other) const {
  if (!is_like(other)) return false;
  if (dtype_ == DType::invalid) return true;
  return all_elements(*this, other, [](const auto& x, const auto& y) { return x == y; });
}

bool Tensor::allclose(const Tensor& other, double rtol, double atol) const {
  if (!is_like(other)) return false;
  if (dtype_ == DType::invalid) return true;
  return all_elements(*this, other, [=]<typename T>(const T& x, const T& y) {
    if constexpr (std::is_floating_point_v<T>) {
      const auto a = static_cast<double>(x), b = static_cast<double>(y);
      return a == b ||
             (std::isfinite(a) && std::isfinite(b) && std::abs(a - b) <= atol + rtol * std::abs(b));
    } else {
      return x == y;
    }
  });
}

}  // namespace tenon
