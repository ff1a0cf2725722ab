// MatrixTriangularSolve: x of A x = rhs, where A is a triangular matrix, of batches of matrices.
//   matrix [..., M, M], rhs [..., M, N] -> [..., M, N]; the leading dimensions are the same.

#include "core/base/check.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/triangular.h"
#include "tenon/math_ops.h"

namespace tenon {
namespace internal {
namespace {

Shapes solve_shape(const ShapeContext& context) {
  const Shape &matrix = with_rank_at_least(context.inputs[0], 2, "matrix"),
              &rhs = with_rank_at_least(context.inputs[1], 2, "rhs");
  if (!matrix.has_rank() || !rhs.has_rank()) return {rhs};
  const int64_t size = merge_sizes(matrix[-2], matrix[-1], "rows and columns", matrix, matrix);
  const Shape batch =
      subshape(matrix, 0, matrix.rank() - 2).merged_with(subshape(rhs, 0, rhs.rank() - 2));
  return {concatenated(
      batch, {merge_sizes(size, rhs[-2], "rows of matrix and rhs", matrix, rhs), rhs[-1]})};
}

Outputs solve_gradient(const Operation& op, const Outputs& dy) {
  const bool lower = op.node()->attrs.get<bool>("lower");
  const bool adjoint = op.node()->attrs.get<bool>("adjoint");
  const Output solution = op.output(0);
  const Output by_rhs =
      matrix_triangular_solve(op.input(0), dy[0], {.lower = lower, .adjoint = !adjoint});
  const Output by_matrix = adjoint ? matmul(solution, by_rhs, {.transpose_b = true})
                                   : matmul(by_rhs, solution, {.transpose_b = true});
  return {triangle(negative(by_matrix), lower), by_rhs};
}

}  // namespace

void register_linalg_triangular_solve(OpRegistry& ops) {
  ops.add({.name = "MatrixTriangularSolve",
           .inputs = {"matrix: T", "rhs: T"},
           .outputs = {"output: T"},
           .defaults = {{"lower", true}, {"adjoint", false}},
           .types = {{"T", kFloats}},
           .shape = solve_shape,
           .gradient = solve_gradient});
}

}  // namespace internal

Output matrix_triangular_solve(Input matrix, Input rhs, const TriangularSolveOptions& options) {
  return internal::add_output("MatrixTriangularSolve", {matrix, rhs},
                              {.name = options.name,
                               .attrs = {{"lower", options.lower}, {"adjoint", options.adjoint}},
                               .where = matrix.where()});
}

}  // namespace tenon
