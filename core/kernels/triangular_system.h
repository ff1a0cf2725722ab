// Triangular systems of equations, as the kernels of every backend solve them.
#pragma once

#include <cstdint>

#include "core/base/check.h"
#include "core/kernels/host_device.h"
#include "core/kernels/kernel_arguments.h"

namespace tenon::internal {

// A x = b for a batch of matrices A [size, size] of which one triangle counts, and b [size,
// columns]; of A transposed where `adjoint`.
struct TriangularSystem {
  int64_t batch, size, columns;
  bool lower, adjoint;

  // Column `index` of batch * columns, by substitution.
  template <typename T>
  TENON_HOST_DEVICE void solve_column(const T* matrices, const T* rhs, T* solution,
                                      int64_t index) const {
    const T* a = matrices + index / columns * size * size;
    const int64_t at = index / columns * size * columns + index % columns;
    const bool forward = lower != adjoint;  // whether the first unknown stands alone
    for (int64_t step = 0; step < size; ++step) {
      const int64_t i = forward ? step : size - 1 - step;
      double rest = static_cast<double>(rhs[at + i * columns]);
      for (int64_t before = 0; before < step; ++before) {
        const int64_t j = forward ? before : size - 1 - before;
        rest -= static_cast<double>(a[adjoint ? j * size + i : i * size + j]) *
                static_cast<double>(solution[at + j * columns]);
      }
      solution[at + i * columns] = static_cast<T>(rest / static_cast<double>(a[i * size + i]));
    }
  }
};

// Throws InvalidArgumentError (shape_incompatible).
inline TriangularSystem triangular_system(const KernelRequest& request) {
  const Shape &matrix = request.input_shape(0), &rhs = request.input_shape(1);
  const int rank = matrix.rank();
  bool fits = rank >= 2 && rhs.rank() == rank && matrix[-1] == matrix[-2];
  for (int i = 0; fits && i + 1 < rank; ++i) fits = matrix[i] == rhs[i];
  require(fits, ErrorKind::shape_incompatible, "Matrices ", matrix, " and right-hand sides ", rhs,
          " make no systems of equations");
  return {.batch = count_between(matrix, 0, rank - 2),
          .size = matrix[-1],
          .columns = rhs[-1],
          .lower = request.attrs->get_or("lower", true),
          .adjoint = request.attrs->get_or("adjoint", false)};
}

}  // namespace tenon::internal
