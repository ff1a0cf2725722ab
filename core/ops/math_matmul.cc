// MatMul (of matrices) and BatchMatMulV2 (of any rank from 2 on, leading dimensions broadcast).

#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "tenon/math_ops.h"

namespace tenon {
namespace internal {
namespace {

struct Sides {
  bool transpose_a, transpose_b;
};

Sides sides_of(const AttrMap& attrs, bool batch) {
  return {attrs.get<bool>(batch ? "adj_x" : "transpose_a"),
          attrs.get<bool>(batch ? "adj_y" : "transpose_b")};
}

Output product(bool batch, const Input& a, const Input& b, Sides sides,
               const std::string& name = "MatMul") {
  AttrMap attrs;
  attrs.set(batch ? "adj_x" : "transpose_a", sides.transpose_a);
  attrs.set(batch ? "adj_y" : "transpose_b", sides.transpose_b);
  return add_output(batch ? "BatchMatMulV2" : "MatMul", {a, b}, {.name = name, .attrs = attrs});
}

// The last two sizes of the product [M, K] x [K, N].
Shape matrix_shape(const Shape& a, const Shape& b, Sides sides) {
  const auto [rows, inner_a] =
      std::pair(a[sides.transpose_a ? -1 : -2], a[sides.transpose_a ? -2 : -1]);
  const auto [inner_b, columns] =
      std::pair(b[sides.transpose_b ? -1 : -2], b[sides.transpose_b ? -2 : -1]);
  merge_sizes(inner_a, inner_b, "inner dimensions of a matrix product", a, b);
  return {rows, columns};
}

Shapes matmul_shape(const ShapeContext& context) {
  const Shape a = with_rank(context.inputs[0], 2, "a"), b = with_rank(context.inputs[1], 2, "b");
  return {matrix_shape(a, b, sides_of(context.attrs, false))};
}

Shapes batch_matmul_shape(const ShapeContext& context) {
  const Shape &a = with_rank_at_least(context.inputs[0], 2, "x"),
              &b = with_rank_at_least(context.inputs[1], 2, "y");
  if (!a.has_rank() || !b.has_rank()) return {Shape::unknown()};
  const Shape matrix = matrix_shape(a, b, sides_of(context.attrs, true));
  return {concatenated(broadcast_shape(subshape(a, 0, a.rank() - 2), subshape(b, 0, b.rank() - 2)),
                       matrix)};
}

Outputs product_gradients(const Operation& op, const Output& dy, bool batch) {
  const Sides sides = sides_of(op.node()->attrs, batch);
  const Output a = op.input(0), b = op.input(1);
  const auto multiplied = [batch](const Output& x, const Output& y, bool tx, bool ty) {
    return product(batch, x, y, {tx, ty});
  };
  if (!sides.transpose_a && !sides.transpose_b) {
    return {multiplied(dy, b, false, true), multiplied(a, dy, true, false)};
  }
  if (!sides.transpose_a) {
    return {multiplied(dy, b, false, false), multiplied(dy, a, true, false)};
  }
  if (!sides.transpose_b) {
    return {multiplied(b, dy, false, true), multiplied(a, dy, false, false)};
  }
  return {multiplied(b, dy, true, true), multiplied(dy, a, true, true)};
}

Outputs matmul_gradient(const Operation& op, const Outputs& dy) {
  return product_gradients(op, dy[0], false);
}

Outputs batch_matmul_gradient(const Operation& op, const Outputs& dy) {
  const Outputs gradients = product_gradients(op, dy[0], true);
  return {sum_to(gradients[0], op.input(0)), sum_to(gradients[1], op.input(1))};
}

}  // namespace

void register_math_matmul(OpRegistry& ops) {
  ops.add({.name = "MatMul",
           .inputs = {"a: T", "b: T"},
           .outputs = {"product: T"},
           .defaults = {{"transpose_a", false}, {"transpose_b", false}},
           .types = {{"T", kUsualNumbers}},
           .shape = matmul_shape,
           .gradient = matmul_gradient,
           .filter_input = [](const AttrMap& attrs) {
             return attrs.get<bool>("transpose_b") ? -1 : 1;
           }});
  ops.add({.name = "BatchMatMulV2",
           .inputs = {"x: T", "y: T"},
           .outputs = {"output: T"},
           .defaults = {{"adj_x", false}, {"adj_y", false}},
           .types = {{"T", kUsualNumbers}},
           .shape = batch_matmul_shape,
           .gradient = batch_matmul_gradient});
}

}  // namespace internal

Output matmul(Input a, Input b, const MatmulOptions& options) {
  const auto may_be_batch = [](int rank) { return rank < 0 || rank > 2; };
  const bool batch = may_be_batch(a.shape().rank()) || may_be_batch(b.shape().rank());
  return internal::product(batch, a, b, {options.transpose_a, options.transpose_b},
                           options.name.empty() ? "MatMul" : options.name);
}

}  // namespace tenon
