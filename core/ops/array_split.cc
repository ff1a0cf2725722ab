// Split (equal pieces) and SplitV (pieces of given sizes) along an axis.

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/size_rules.h"
#include "core/ops/argument_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "tenon/array_ops.h"

namespace tenon {
namespace internal {
namespace {

Shapes pieces_of_unknown_axis(const Shape& value, int64_t count) {
  const Shape piece =
      value.has_rank() ? with_rank(Shape::unknown(), value.rank(), "value") : Shape::unknown();
  return Shapes(static_cast<size_t>(count), piece);
}

Shapes split_shape(const ShapeContext& context) {
  const int64_t count = context.attrs.get<int64_t>("num_split");
  const Shape& value = context.inputs[1];
  const auto axis = one_integer(context, 0, "split_dim");
  if (!value.has_rank() || !axis) return pieces_of_unknown_axis(value, count);
  const int along = resolve_axis(*axis, value.rank(), "split dimension");
  Shape piece = value;
  require<ValueError>(value[along] < 0 || value[along] % count == 0, ErrorKind::shape_incompatible,
                      "Dimension size must be evenly divisible by ", count, " but is ",
                      value[along], ": dimension ", along, " of the shape ", value,
                      " can't be split");
  if (value[along] >= 0) piece[along] = value[along] / count;
  return Shapes(static_cast<size_t>(count), piece);
}

Shapes split_v_shape(const ShapeContext& context) {
  const int64_t count = context.attrs.get<int64_t>("num_split");
  const Shape& value = context.inputs[0];
  const auto axis = one_integer(context, 2, "split_dim");
  const auto sizes = integer_list(context, 1, "size_splits");
  require<ValueError>(!sizes || static_cast<int64_t>(sizes->size()) == count,
                      ErrorKind::shape_incompatible, "A split into ", count,
                      " pieces needs as many sizes, not ", sizes ? sizes->size() : 0);
  if (!value.has_rank() || !axis) return pieces_of_unknown_axis(value, count);
  const int along = resolve_axis(*axis, value.rank(), "split dimension");
  Shapes pieces(static_cast<size_t>(count), value);
  int64_t total = 0, left_over = -1;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const int64_t size = sizes ? (*sizes)[i] : kUnknown;
    pieces[i][along] = size;
    require<ValueError>(size >= -1 && (size != -1 || !sizes || left_over < 0),
                        ErrorKind::shape_incompatible,
                        "The sizes of a split must be 0 or more, and one of them may be -1, not [",
                        sizes ? join(*sizes) : "", "]");
    if (size < 0) left_over = static_cast<int64_t>(i);
    total = add_sizes(total, std::max<int64_t>(size, 0));
  }
  if (!sizes || value[along] < 0) return pieces;
  if (count == 1 && context.planning()) return {value};  // TensorFlow's passes it on, unlooked at
  require<ValueError>(left_over < 0 ? total == value[along] : total <= value[along],
                      ErrorKind::shape_incompatible, "The sizes [", join(*sizes),
                      "] don't add up to dimension ", along, " of the shape ", value);
  if (left_over >= 0) pieces[static_cast<size_t>(left_over)][along] = value[along] - total;
  return pieces;
}

Outputs split_gradient(const Operation& op, const Outputs& dy) {
  return {Output(), concat(with_zeros(op, dy), op.input(0))};
}

Outputs split_v_gradient(const Operation& op, const Outputs& dy) {
  return {concat(with_zeros(op, dy), op.input(2)), Output(), Output()};
}

}  // namespace

void register_array_split(OpRegistry& ops) {
  ops.add({.name = "Split",
           .inputs = {"split_dim: int32", "value: T"},
           .outputs = {"output: num_split * T"},
           .shape = split_shape,
           .gradient = split_gradient,
           .needs_value = {0}});
  ops.add({.name = "SplitV",
           .inputs = {"value: T", "size_splits: Tlen", "split_dim: int32"},
           .outputs = {"output: num_split * T"},
           .defaults = {{"Tlen", int64}},
           .types = {{"Tlen", kIndices}},
           .shape = split_v_shape,
           .gradient = split_v_gradient,
           .needs_value = {1, 2}});
}

}  // namespace internal

std::vector<Output> internal::split_evenly(Input value, int64_t num, const SplitOptions& options) {
  internal::require<ValueError>(num > 0, ErrorKind::bad_argument,
                                "A tensor can be split into one piece or more, not ", num);
  return internal::outputs_of(
      internal::add_operation("Split", {Input(options.axis), value},
                              {.name = options.name.empty() ? "split" : options.name,
                               .attrs = {{"num_split", num}},
                               .where = value.where()}));
}

std::vector<Output> split(Input value, const std::vector<int64_t>& sizes,
                          const SplitOptions& options) {
  internal::require<ValueError>(!sizes.empty(), ErrorKind::bad_argument,
                                "A tensor can't be split into no pieces");
  return internal::outputs_of(
      internal::add_operation("SplitV", {value, Integers(sizes).as_input(), Input(options.axis)},
                              {.name = options.name.empty() ? "split" : options.name,
                               .attrs = {{"num_split", static_cast<int64_t>(sizes.size())}},
                               .where = value.where()}));
}

}  // namespace tenon
