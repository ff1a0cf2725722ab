// Qr, and the diagonals of matrices.

#include "core/base/check.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
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
  const Shape input = op.input(0).shape();
  require<UnimplementedError>(input.has_rank() && input[-1] == input[-2] && input[-1] >= 0,
                              ErrorKind::bad_argument, "The gradient of '", op.name(),
                              "' (MatrixDiagPart) needs square matrices, not ", input);
  return {matrix_diag(dy[0])};
}

Outputs diag_gradient(const Operation&, const Outputs& dy) { return {matrix_diag_part(dy[0])}; }

}  // namespace

void register_linalg(OpRegistry& ops) {
  ops.add({.name = "Qr",
           .inputs = {"input: T"},
           .outputs = {"q: T", "r: T"},
           .defaults = {{"full_matrices", false}},
           .types = {{"T", kFloats}},
           .shape = qr_shape});
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
