// Tensors on the host as rows of others.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/base/check.h"
#include "core/graph/host_call.h"
#include "core/tensor/buffer.h"
#include "core/tensor/element_types.h"

namespace tenon::internal {

// A part of a tensor on the host: rows [begin, end) of the first axis.
inline Tensor rows_of(const Tensor& tensor, int64_t begin, int64_t end, const Shape& shape) {
  const size_t row =
      tensor.shape()[0] == 0 ? 0 : tensor.bytes() / static_cast<size_t>(tensor.shape()[0]);
  Tensor rows = uninitialized_tensor(tensor.dtype(), shape);
  if (rows.bytes() > 0) {
    std::memcpy(rows.raw(),
                static_cast<const char*>(tensor.raw()) + static_cast<size_t>(begin) * row,
                static_cast<size_t>(end - begin) * row);
  }
  return rows;
}

// Adds so many elements to others.
inline void add_elements(DType dtype, void* sum, const void* values, int64_t count) {
  with_element_type(dtype, [&](auto element) {
    using T = decltype(element);
    if constexpr (!std::is_same_v<T, std::string> && !std::is_same_v<T, bool>) {
      T* to = static_cast<T*>(sum);
      const T* from = static_cast<const T*>(values);
      for (int64_t i = 0; i < count; ++i) {
        if constexpr (std::is_integral_v<T>) {  // around the end of its range, as kernels do
          to[i] = static_cast<T>(static_cast<uint64_t>(to[i]) + static_cast<uint64_t>(from[i]));
        } else if constexpr (std::is_floating_point_v<T>) {
          to[i] += from[i];
        } else {
          to[i] = T(static_cast<float>(to[i]) + static_cast<float>(from[i]));
        }
      }
    }
  });
}

inline void add_to(Tensor& sum, const Tensor& value) {
  add_elements(sum.dtype(), sum.raw(), value.raw(), sum.element_count());
}

// Of what has `size` tensors.
inline void check_fits(int64_t size, std::string_view what) {
  constexpr int64_t kMost = int64_t{1} << 28;  // which take some 40 GB before any has a value
  require<ResourceExhaustedError>(size <= kMost, ErrorKind::resource_exhausted,
                                  "Out of memory: ", size, " elements of ", what,
                                  " are more than the ", kMost, " that it may have");
}

inline void require_numbers(DType dtype) {
  require<UnimplementedError>(dtype != DType::string, ErrorKind::no_kernel,
                              "Tensor arrays of strings can't be joined or taken apart");
}

// Elements one after the other.
inline Tensor joined(const HostCall& call, const std::vector<Tensor>& elements, DType dtype,
                     const Shape& shape) {
  require_numbers(dtype);
  Tensor all = uninitialized_tensor(dtype, shape);
  auto* to = static_cast<char*>(all.raw());
  for (const Tensor& element : elements) {
    if (element.bytes() == 0) continue;
    const Tensor host = call.on_host(element);
    std::memcpy(to, host.raw(), host.bytes());
    to += host.bytes();
  }
  return all;
}

}  // namespace tenon::internal
