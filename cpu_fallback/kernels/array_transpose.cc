#include "core/base/check.h"
#include "cpu_fallback/strided_copy.h"

namespace tenon::cpu {
namespace {

// A batch of matrices, in squares that fit the cache.
template <typename T>
Kernel transpose_matrices(int64_t batch, int64_t rows, int64_t columns) {
  return {.launch = [=](const Launch& args) {
    constexpr int64_t kSide = 32;
    const int64_t stripes = (columns + kSide - 1) / kSide;
    for_rows(args, batch * stripes, rows * kSide, [&](int64_t begin, int64_t end) {
      for (int64_t stripe = begin; stripe < end; ++stripe) {
        const T* from = args.input<T>(0) + stripe / stripes * rows * columns;
        T* to = args.output<T>(0) + stripe / stripes * rows * columns;
        const int64_t first = stripe % stripes * kSide, last = std::min(columns, first + kSide);
        for (int64_t row = 0; row < rows; row += kSide) {
          const int64_t row_end = std::min(rows, row + kSide);
          // By a copy: rows whose distance is a power of two would push each other out.
          T square[kSide][kSide + 1];
          for (int64_t r = row; r < row_end; ++r) {
            for (int64_t c = first; c < last; ++c)
              square[c - first][r - row] = from[r * columns + c];
          }
          for (int64_t c = first; c < last; ++c) {
            std::copy_n(square[c - first], row_end - row, to + c * rows + row);
          }
        }
      }
    });
  }};
}

Kernel prepare_transpose(const KernelRequest& request) {
  const internal::MatrixTranspose matrices = internal::as_matrix_transpose(request);
  if (matrices.batch == 0) return prepare_copies<internal::plan_transpose>(request);
  return for_element_size(request.output_dtype(0), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    return transpose_matrices<T>(matrices.batch, matrices.rows, matrices.columns);
  });
}

template <typename T>
Kernel prepare_invert_permutation(const KernelRequest& request) {
  const int64_t size = request.input_shape(0).element_count();
  return {.launch = [size](const Launch& args) {
    const T* x = args.input<T>(0);
    T* y = args.output<T>(0);
    std::fill(y, y + size, T{-1});
    for (int64_t i = 0; i < size; ++i) {
      require(x[i] >= 0 && x[i] < size && y[x[i]] == T{-1}, ErrorKind::bad_argument, x[i],
              " is not in [0, ", size, ") or stands twice in the permutation");
      y[x[i]] = static_cast<T>(i);
    }
  }};
}

}  // namespace

void register_array_transpose(KernelRegistry& kernels) {
  kernels.add("Transpose", DType::invalid, prepare_transpose);
  kernels.add("InvertPermutation", int32, prepare_invert_permutation<int32_t>);
  kernels.add("InvertPermutation", int64, prepare_invert_permutation<int64_t>);
}

}  // namespace tenon::cpu
