// Qr, and the diagonals of matrices.

#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/triangular.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"

namespace tenon {
namespace internal {
namespace {

Shapes qr_shape(const ShapeContext& context) {
  const Shape& input = with_rank_at_least(context.inputs[0], 2, "input");
  if (!input.has_rank()) return {Shape::unknown(), Shape::unknown()};
  const Shape batch = subshape(input, 0, input.rank() - 2);
  const int64_t rows = input[-2], columns = input[-1];
  const int64_t inner = context.attrs.get<bool>("full_matrices") ? rows
                        : rows < 0 || columns < 0                ? kUnknown
                                                                 : std::min(rows, columns);
  return {concatenated(batch, {rows, inner}), concatenated(batch, {inner, columns})};
}

Output transposed(const Output& matrices) {
  std::vector<int64_t> perm;
  for (int i = 0; i < matrices.shape().rank(); ++i) perm.push_back(i);
  std::swap(perm.end()[-1], perm.end()[-2]);
  return transpose(matrices, {.perm = perm});
}

// x times the inverse of r transposed, for an upper triangular r.
Output times_inverse(const Output& x, const Output& r) {
  return transposed(matrix_triangular_solve(r, transposed(x), {.lower = false}));
}

Output times_transposed(const Output& x, const Output& y) {
  return matmul(x, y, {.transpose_b = true});
}

// Where there are as many rows as columns, or more.
Output tall_qr_gradient(const Output& q, const Output& r, const Output& dq, const Output& dr) {
  const Output qdq = matmul(q, dq, {.transpose_a = true}), rdr = times_transposed(r, dr);
  const Output skew = qdq - transposed(qdq) + (rdr - transposed(rdr));
  return matmul(q, dr + times_inverse(triangle(skew, true), r)) +
         times_inverse(dq - matmul(q, qdq), r);
}

// The columns [begin, end) of matrices.
Output columns_of(const Output& matrices, int64_t begin, int64_t end) {
  const int rank = matrices.shape().rank();
  std::vector<int64_t> from(static_cast<size_t>(rank), 0), size(static_cast<size_t>(rank), -1);
  from.back() = begin;
  size.back() = end - begin;
  return slice(matrices, from, size);
}

// As TensorFlow's, from Walter and Lehmann, "Algorithmic differentiation of linear algebra
// functions": of wide matrices the square part is decomposed, the rest is a product.
Outputs qr_gradient(const Operation& op, const Outputs& dy) {
  const Output x = op.input(0), q = op.output(0), r = op.output(1);
  const Shape shape = x.shape();
  require<UnimplementedError>(shape.has_rank() && shape[-1] >= 0 && shape[-2] >= 0,
                              ErrorKind::bad_argument, "The gradient of '", op.name(),
                              "' (Qr) needs matrices of a known size, not ", shape);
  const int64_t rows = shape[-2], columns = shape[-1];
  require<UnimplementedError>(rows <= columns || !op.node()->attrs.get<bool>("full_matrices"),
                              ErrorKind::bad_argument, "The gradient of '", op.name(),
                              "' (Qr) of more rows than columns isn't defined with full_matrices");
  const Output dq = dy[0] ? dy[0] : zeros_like(q);
  const Output dr = triangle(dy[1] ? dy[1] : zeros_like(r), false);
  if (rows >= columns) return {tall_qr_gradient(q, r, dq, dr)};
  const Output beside = columns_of(x, rows, columns), dv = columns_of(dr, rows, columns);
  const Output square = tall_qr_gradient(
      q, columns_of(r, 0, rows), dq + times_transposed(beside, dv), columns_of(dr, 0, rows));
  return {concat({square, matmul(q, dv)}, shape.rank() - 1)};
}

Shapes diag_part_shape(const ShapeContext& context) {
  const Shape& input = with_rank_at_least(context.inputs[0], 2, "input");
  if (!input.has_rank()) return {Shape::unknown()};
  const int64_t rows = input[-2], columns = input[-1];
  Shape output = subshape(input, 0, input.rank() - 2);
  output.push_back(rows < 0 || columns < 0 ? kUnknown : std::min(rows, columns));
  return {output};
}

Shapes diag_shape(const ShapeContext& context) {
  const Shape& diagonal = with_rank_at_least(context.inputs[0], 1, "diagonal");
  if (!diagonal.has_rank()) return {Shape::unknown()};
  return {concatenated(diagonal, {diagonal.back()})};
}

Outputs diag_part_gradient(const Operation& op, const Outputs& dy) {
  const Output x = op.input(0), square = matrix_diag(dy[0]);
  const Shape input = x.shape();
  if (input.has_rank() && input[-1] == input[-2] && input[-1] >= 0) return {square};
  require<UnimplementedError>(input.has_rank(), ErrorKind::bad_argument, "The gradient of '",
                              op.name(), "' (MatrixDiagPart) needs a known rank");
  // Zeros for the rows below the square, or the columns beside it.
  const int rank = input.rank();
  const Output missing = shape(x) - shape(square);
  const Output none = zeros({rank}, int32);
  return {pad(square, stack({none, missing}, {.axis = 1}))};
}

Outputs diag_gradient(const Operation&, const Outputs& dy) { return {matrix_diag_part(dy[0])}; }

}  // namespace

void register_linalg(OpRegistry& ops) {
  ops.add({.name = "Qr",
           .inputs = {"input: T"},
           .outputs = {"q: T", "r: T"},
           .defaults = {{"full_matrices", false}},
           .types = {{"T", kFloats}},
           .shape = qr_shape,
           .gradient = qr_gradient});
  ops.add({.name = "MatrixDiagPart",
           .inputs = {"input: T"},
           .outputs = {"diagonal: T"},
           .shape = diag_part_shape,
           .gradient = diag_part_gradient});
  ops.add({.name = "MatrixDiag",
           .inputs = {"diagonal: T"},
           .outputs = {"output: T"},
           .shape = diag_shape,
           .gradient = diag_gradient});
}

}  // namespace internal

Qr qr(Input input, const QrOptions& options) {
  const Operation op = internal::add_operation("Qr", {input},
                                               {.name = options.name,
                                                .attrs = {{"full_matrices", options.full_matrices}},
                                                .where = input.where()});
  return {op.output(0), op.output(1)};
}
Output matrix_diag_part(Input input, const OpOptions& options) {
  return internal::add_output("MatrixDiagPart", {input}, {.name = options.name});
}
Output matrix_diag(Input diagonal, const OpOptions& options) {
  return internal::add_output("MatrixDiag", {diagonal}, {.name = options.name});
}

}  // namespace tenon
