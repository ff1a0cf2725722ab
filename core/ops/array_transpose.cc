// Transpose: output axis i is input axis perm[i].

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/ops/argument_rules.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/integer_values.h"
#include "tenon/array_ops.h"

namespace tenon {
namespace internal {
namespace {

// The permutation that undoes this one. Throws ValueError when it is none.
std::vector<int64_t> inverted(const std::vector<int64_t>& perm) {
  const auto rank = static_cast<int>(perm.size());
  std::vector<int64_t> inverse(perm.size(), -1);
  for (int i = 0; i < rank; ++i) {
    const int axis = resolve_axis(perm[static_cast<size_t>(i)], rank, "axis of a permutation");
    int64_t& place = inverse[static_cast<size_t>(axis)];
    require<ValueError>(place < 0, ErrorKind::shape_incompatible, "(", join(perm),
                        ") is not a permutation: ", axis, " is in it twice");
    place = i;
  }
  return inverse;
}

Shapes transpose_shape(const ShapeContext& context) {
  const Shape& input = context.inputs[0];
  const auto perm = integer_list(context, 1, "perm");
  if (!perm) {
    const Shape& sizes = context.inputs[1];
    const int rank = input.has_rank()                    ? input.rank()
                     : sizes.has_rank() && sizes[0] >= 0 ? static_cast<int>(sizes[0])
                                                         : -1;
    if (rank < 0) return {Shape::unknown()};
    return {with_rank(Shape::unknown(), rank, "x")};
  }
  // A permutation of one axis, or of none, leaves a scalar as it is, too.
  if (!input.has_rank() && perm->size() < 2) return {input};
  const Shape x = with_rank(input, static_cast<int>(perm->size()), "x (perm says the rank)");
  inverted(*perm);
  Shape output;
  for (const int64_t axis : *perm) output.push_back(x[static_cast<int>(axis)]);
  return {output};
}

Outputs transpose_gradient(const Operation& op, const Outputs& dy) {
  const Output perm = op.input(1);
  const Tensor known = constant_value({perm.op().node(), perm.index()});
  if (known) {
    return {transpose(dy[0], {.perm = inverted(to_integers(known))}), Output()};
  }
  return {add_output("Transpose", {dy[0], add_output("InvertPermutation", {perm})}), Output()};
}

Shapes invert_shape(const ShapeContext& context) { return {with_rank(context.inputs[0], 1, "x")}; }

std::optional<Tensor> invert_value(const ShapeContext& context) {
  const auto perm = context.integers(0);
  if (!perm) return std::nullopt;
  return integer_tensor(context.value(0).dtype(), context.inputs[0], inverted(*perm));
}

}  // namespace

void register_array_transpose(OpRegistry& ops) {
  ops.add({.name = "Transpose",
           .inputs = {"x: T", "perm: Tperm"},
           .outputs = {"y: T"},
           .defaults = {{"Tperm", int32}},
           .types = {{"Tperm", kIndices}},
           .shape = transpose_shape,
           .gradient = transpose_gradient,
           .needs_value = {1}});
  ops.add({.name = "InvertPermutation",
           .inputs = {"x: T"},
           .outputs = {"y: T"},
           .types = {{"T", kIndices}},
           .shape = invert_shape,
           .differentiable = false,
           .value = invert_value});
}

}  // namespace internal

Output transpose(Input a, const TransposeOptions& options) {
  const internal::CallerLine line(a.where());
  const std::string name = options.name.empty() ? "transpose" : options.name;
  if (options.perm.given()) {
    return internal::add_output("Transpose", {a, Integers(options.perm.list()).as_input()},
                                {.name = name, .where = a.where()});
  }
  const Shape shape = a.shape();
  if (!shape.has_rank()) {
    const Output x = a.output();
    const Output backwards = range(rank(x) - 1, -1, -1);
    return internal::add_output("Transpose", {x, backwards}, {.name = name});
  }
  std::vector<int64_t> perm;
  for (int i = shape.rank() - 1; i >= 0; --i) perm.push_back(i);
  return internal::add_output("Transpose", {a, Integers(perm).as_input()},
                              {.name = name, .where = a.where()});
}

}  // namespace tenon
