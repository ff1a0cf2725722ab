// MatrixTriangularSolve by substitution, a thread for each column; sums in double.
#include "core/kernels/triangular_system.h"
#include "cuda/kernel_support.h"

namespace tenon::cuda {
namespace {

using internal::TriangularSystem;

template <typename T>
__global__ void solve(const T* matrices, const T* rhs, T* solution, TriangularSystem system) {
  const int64_t count = system.batch * system.columns;
  for (int64_t i = first_index(); i < count; i += grid_size()) {
    system.solve_column(matrices, rhs, solution, i);
  }
}

template <typename T>
Kernel prepare_solve(const KernelRequest& request) {
  const TriangularSystem system = internal::triangular_system(request);
  return {.launch = [system](const Launch& args) {
    launch_1d("solve", args, system.batch * system.columns, solve<T>, args.input<T>(0),
              args.input<T>(1), args.output<T>(0), system);
  }};
}

}  // namespace

void register_linalg_triangular_solve(KernelRegistry& kernels) {
  kernels.add("MatrixTriangularSolve", float32, prepare_solve<float>);
  kernels.add("MatrixTriangularSolve", float64, prepare_solve<double>);
}

}  // namespace tenon::cuda
