// MatrixTriangularSolve by substitution, row by row; sums in double.
#include "core/kernels/triangular_system.h"
#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {
namespace {

using internal::TriangularSystem;

template <typename T>
Kernel prepare_solve(const KernelRequest& request) {
  const TriangularSystem system = internal::triangular_system(request);
  return {.launch = [system](const Launch& args) {
    for_rows(args, system.batch * system.columns, system.size * system.size,
             [&](int64_t begin, int64_t end) {
               for (int64_t i = begin; i < end; ++i) {
                 system.solve_column(args.input<T>(0), args.input<T>(1), args.output<T>(0), i);
               }
             });
  }};
}

}  // namespace

void register_linalg_triangular_solve(KernelRegistry& kernels) {
  kernels.add("MatrixTriangularSolve", float32, prepare_solve<float>);
  kernels.add("MatrixTriangularSolve", float64, prepare_solve<double>);
}

}  // namespace tenon::cpu
