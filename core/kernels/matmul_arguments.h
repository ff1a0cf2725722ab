// What products of matrices read from their requests.
#pragma once

#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/kernels/kernel_arguments.h"

namespace tenon::internal {

// [m, k] times [k, n], each of which may lie transposed.
struct MatrixProduct {
  int64_t m = 0, n = 0, k = 0;
  bool transpose_a = false, transpose_b = false;
};

// Of the last two axes; the attributes of these names say what is transposed. Throws
// InvalidArgumentError (shape_incompatible).
inline MatrixProduct matrix_product(const KernelRequest& request, const char* adjoint_a,
                                    const char* adjoint_b) {
  const Shape &a = request.input_shape(0), &b = request.input_shape(1);
  MatrixProduct product = {.transpose_a = request.attrs->get_or(adjoint_a, false),
                           .transpose_b = request.attrs->get_or(adjoint_b, false)};
  product.m = a[product.transpose_a ? -1 : -2];
  product.k = a[product.transpose_a ? -2 : -1];
  product.n = b[product.transpose_b ? -2 : -1];
  const int64_t rows = b[product.transpose_b ? -1 : -2];
  require(product.k == rows, ErrorKind::shape_incompatible, "Matrix size-incompatible: In[0]: ", a,
          ", In[1]: ", b);
  return product;
}

// For each matrix of the output, which ones of the inputs make it.
inline std::vector<std::pair<int64_t, int64_t>> batch_pairs(const KernelRequest& request) {
  const Shape& out = request.output_shape(0);
  std::vector<std::pair<int64_t, int64_t>> pairs(
      static_cast<size_t>(count_between(out, 0, out.rank() - 2)));
  for (size_t i = 0; i < pairs.size(); ++i) {
    for (const int input : {0, 1}) {
      const Shape& shape = request.input_shape(input);
      int64_t index = static_cast<int64_t>(i), matrix = 0, stride = 1;
      for (int axis = out.rank() - 3, own = shape.rank() - 3; own >= 0; --axis, --own) {
        if (shape[own] != 1) matrix += index % out[axis] * stride;
        index /= out[axis];
        stride *= shape[own];
      }
      (input == 0 ? pairs[i].first : pairs[i].second) = matrix;
    }
  }
  return pairs;
}

}  // namespace tenon::internal
