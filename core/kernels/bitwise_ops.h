// What the primitives of bits do with one integer, beside scalar_ops.h.
#pragma once

#include <type_traits>

#include "core/kernels/host_device.h"

namespace tenon::internal::scalar {

struct BitwiseAnd {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a, T b) const {
    return static_cast<T>(a & b);
  }
};
struct BitwiseOr {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a, T b) const {
    return static_cast<T>(a | b);
  }
};
struct BitwiseXor {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a, T b) const {
    return static_cast<T>(a ^ b);
  }
};
// By as many bits as there are, less one, at most.
struct LeftShift {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a, T b) const {
    using U = std::make_unsigned_t<decltype(a + b)>;
    return static_cast<T>(static_cast<U>(a) << b);
  }
};
// What is negative stays so.
struct RightShift {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a, T b) const {
    return static_cast<T>(a >> b);
  }
};

}  // namespace tenon::internal::scalar
