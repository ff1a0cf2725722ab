// Pad, PadV2 and MirrorPad: elements added before and after each axis.

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/size_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "tenon/array_ops.h"

namespace tenon {
namespace internal {
namespace {

// The input's shape with what is added (sign 1) or taken away again (sign -1).
Shapes padded_shape(const ShapeContext& context, int64_t sign) {
  const Shape paddings = with_rank(context.inputs[1], 2, "paddings");
  require<ValueError>(paddings[1] < 0 || paddings[1] == 2, ErrorKind::shape_incompatible,
                      "paddings must have shape [rank, 2], but have ", paddings);
  const auto numbers = context.integers(1);
  Shape input = context.inputs[0];
  if (paddings[0] >= 0) {
    input = with_rank(input, static_cast<int>(paddings[0]), "tensor (paddings say the rank)");
  }
  if (!input.has_rank()) return {input};
  if (!numbers) return {with_rank(Shape::unknown(), input.rank(), "tensor")};
  Shape output = input;
  for (int i = 0; i < input.rank(); ++i) {
    const int64_t before = (*numbers)[static_cast<size_t>(2 * i)],
                  after = (*numbers)[static_cast<size_t>(2 * i + 1)];
    require<ValueError>(before >= 0 && after >= 0, ErrorKind::shape_incompatible,
                        "Paddings must be non-negative: ", before, ", ", after);
    if (input[i] < 0) continue;
    output[i] = add_sizes(input[i], sign * add_sizes(before, after));
    require<ValueError>(output[i] >= 0, ErrorKind::shape_incompatible, "Paddings ", before, ", ",
                        after, " are more than dimension ", i, " of the shape ", input);
  }
  return {output};
}

Shapes pad_shape(const ShapeContext& context) { return padded_shape(context, 1); }

Shapes pad_v2_shape(const ShapeContext& context) {
  with_rank(context.inputs[2], 0, "constant_values");
  return pad_shape(context);
}

// What is mirrored must be there: the input of a mirroring pad, or the output of its gradient.
void check_mirrored(const ShapeContext& context, const Shape& input) {
  const auto numbers = context.integers(1);
  if (!numbers || !input.has_rank()) return;
  const std::string& mode = context.attrs.get<std::string>("mode");
  const int64_t own = mode == "REFLECT" ? 1 : 0;  // the edge itself isn't repeated
  for (size_t i = 0; i < numbers->size(); ++i) {
    const int64_t size = input[static_cast<int>(i / 2)];
    require<ValueError>(size < 0 || (*numbers)[i] <= size - own, ErrorKind::shape_incompatible,
                        "Paddings must be no greater than the dimension size", own ? " - 1" : "",
                        ": ", (*numbers)[i], " for dimension ", i / 2, " of the shape ", input);
  }
}

Shapes mirror_pad_shape(const ShapeContext& context) {
  const Shapes output = padded_shape(context, 1);
  check_mirrored(context, context.inputs[0]);
  return output;
}

Shapes mirror_pad_grad_shape(const ShapeContext& context) {
  const Shapes output = padded_shape(context, -1);
  check_mirrored(context, output[0]);
  return output;
}

Outputs pad_gradient(const Operation& op, const Outputs& dy) {
  const Output x = op.input(0), paddings = op.input(1);
  Outputs gradients(static_cast<size_t>(op.input_count()));
  if (const auto numbers = known_integers(paddings)) {
    std::vector<int64_t> begin;
    for (size_t i = 0; i < numbers->size(); i += 2) begin.push_back((*numbers)[i]);
    gradients[0] = slice(dy[0], begin, shape_argument(x));
  } else {
    const Output begin = strided_slice(paddings, {0, 0}, {0, 1},
                                       {.begin_mask = 1, .end_mask = 1, .shrink_axis_mask = 2});
    gradients[0] = slice(dy[0], begin, shape(x, {.out_type = paddings.dtype()}));
  }
  return gradients;
}

Outputs mirror_pad_gradient(const Operation& op, const Outputs& dy) {
  return {add_output("MirrorPadGrad", {dy[0], op.input(1)},
                     {.attrs = {{"mode", op.node()->attrs.get<std::string>("mode")}}}),
          Output()};
}

Outputs mirror_pad_grad_gradient(const Operation& op, const Outputs& dy) {
  return {add_output("MirrorPad", {dy[0], op.input(1)},
                     {.attrs = {{"mode", op.node()->attrs.get<std::string>("mode")}}}),
          Output()};
}

OpDef pad_op(const char* name, ShapeFunction shape, GradientFunction gradient) {
  return {.name = name,
          .inputs = {"input: T", "paddings: Tpaddings"},
          .outputs = {"output: T"},
          .defaults = {{"Tpaddings", int32}},
          .types = {{"Tpaddings", kIndices}},
          .shape = shape,
          .gradient = gradient,
          .needs_value = {1}};
}

}  // namespace

void register_array_pad(OpRegistry& ops) {
  ops.add(pad_op("Pad", pad_shape, pad_gradient));
  OpDef with_value = pad_op("PadV2", pad_v2_shape, pad_gradient);
  with_value.inputs.push_back("constant_values: T");
  ops.add(std::move(with_value));
  ops.add(pad_op("MirrorPad", mirror_pad_shape, mirror_pad_gradient));
  ops.add(pad_op("MirrorPadGrad", mirror_pad_grad_shape, mirror_pad_grad_gradient));
}

}  // namespace internal

Output pad(Input tensor, Input paddings, const PadOptions& options) {
  using internal::add_output;
  const std::string mode = internal::to_upper(options.mode);
  const Location where = tensor.where();
  if (mode == "REFLECT" || mode == "SYMMETRIC") {
    return add_output("MirrorPad", {tensor, paddings},
                      {.name = options.name, .attrs = {{"mode", mode}}, .where = where});
  }
  internal::require<ValueError>(mode == "CONSTANT", ErrorKind::bad_argument,
                                "Value of argument `mode` expected to be one of CONSTANT, REFLECT, "
                                "SYMMETRIC. Received ",
                                options.mode);
  const Input& value = options.constant_values;
  const bool zero = !value.is_output() && value.is_weak() && value.value().dtype() == int64 &&
                    value.value().scalar<int64_t>() == 0;
  if (zero) {
    return add_output("Pad", {tensor, paddings}, {.name = options.name, .where = where});
  }
  return add_output("PadV2", {tensor, paddings, value}, {.name = options.name, .where = where});
}

}  // namespace tenon
