// Elementwise operations of one tensor.

#include <limits>

#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "tenon/math_ops.h"
#include "tenon/nn.h"

namespace tenon {
namespace internal {
namespace {

Values lower_square(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  return {b.multiply(in[0], in[0])};
}

Values lower_is_inf(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  const Value infinity = b.constant_like(in[0], std::numeric_limits<double>::infinity());
  return {b.binary(Primitive::kEqual, b.unary(Primitive::kAbs, in[0]), infinity)};
}

// The operations TanhGrad(y, dy), ...: the gradient by way of the result.
Values lower_tanh_grad(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  const Value one = b.constant_like(in[0], 1);
  return {b.multiply(in[1], b.subtract(one, b.multiply(in[0], in[0])))};
}

Values lower_sigmoid_grad(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  const Value one = b.constant_like(in[0], 1);
  return {b.multiply(b.multiply(in[1], in[0]), b.subtract(one, in[0]))};
}

Values lower_sqrt_grad(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  return {b.divide(b.multiply(in[1], b.constant_like(in[0], 0.5)), in[0])};
}

Values lower_rsqrt_grad(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  const Value cube = b.multiply(b.multiply(in[0], in[0]), in[0]);
  return {b.multiply(b.multiply(in[1], b.constant_like(in[0], -0.5)), cube)};
}

Values lower_reciprocal_grad(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  return {b.multiply(b.multiply(b.negate(in[1]), in[0]), in[0])};
}

Output by_result(const char* type, const Output& y, const Output& dy) {
  return add_output(type, {y, dy});
}

Outputs neg_gradient(const Operation&, const Outputs& dy) { return {negative(dy[0])}; }
Outputs abs_gradient(const Operation& op, const Outputs& dy) { return {dy[0] * sign(op.input(0))}; }
Outputs sign_gradient(const Operation& op, const Outputs&) { return {zeros_like(op.input(0))}; }
Outputs square_gradient(const Operation& op, const Outputs& dy) {
  const Output x = op.input(0);
  return {dy[0] * (2.0 * x)};
}
Outputs sqrt_gradient(const Operation& op, const Outputs& dy) {
  return {by_result("SqrtGrad", op.output(0), dy[0])};
}
Outputs rsqrt_gradient(const Operation& op, const Outputs& dy) {
  return {by_result("RsqrtGrad", op.output(0), dy[0])};
}
Outputs reciprocal_gradient(const Operation& op, const Outputs& dy) {
  return {by_result("ReciprocalGrad", op.output(0), dy[0])};
}
Outputs exp_gradient(const Operation& op, const Outputs& dy) { return {dy[0] * op.output(0)}; }
Outputs expm1_gradient(const Operation& op, const Outputs& dy) {
  return {dy[0] * exp(op.input(0))};
}
Outputs log_gradient(const Operation& op, const Outputs& dy) {
  return {dy[0] * reciprocal(op.input(0))};
}
Outputs log1p_gradient(const Operation& op, const Outputs& dy) {
  return {dy[0] * reciprocal(1.0 + op.input(0))};
}
Outputs tanh_gradient(const Operation& op, const Outputs& dy) {
  return {by_result("TanhGrad", op.output(0), dy[0])};
}
Outputs sigmoid_gradient(const Operation& op, const Outputs& dy) {
  return {by_result("SigmoidGrad", op.output(0), dy[0])};
}
Outputs sin_gradient(const Operation& op, const Outputs& dy) { return {dy[0] * cos(op.input(0))}; }
Outputs cos_gradient(const Operation& op, const Outputs& dy) {
  return {negative(dy[0]) * sin(op.input(0))};
}

// Second derivatives, as TensorFlow's.
Outputs tanh_grad_gradient(const Operation& op, const Outputs& dy) {
  const Output y = op.input(0), b = op.input(1);
  return {dy[0] * -2.0 * b * y, by_result("TanhGrad", y, dy[0])};
}
Outputs sigmoid_grad_gradient(const Operation& op, const Outputs& dy) {
  const Output y = op.input(0), gb = dy[0] * op.input(1);
  return {gb - 2.0 * gb * y, by_result("SigmoidGrad", y, dy[0])};
}
Outputs sqrt_grad_gradient(const Operation& op, const Outputs& dy) {
  const Output ga = dy[0] / op.input(0);
  return {negative(ga) * op.output(0), 0.5 * ga};
}
Outputs rsqrt_grad_gradient(const Operation& op, const Outputs& dy) {
  const Output y = op.input(0), b = op.input(1);
  return {-1.5 * dy[0] * b * square(y), by_result("RsqrtGrad", y, dy[0])};
}
Outputs reciprocal_grad_gradient(const Operation& op, const Outputs& dy) {
  const Output y = op.input(0), b = op.input(1);
  return {dy[0] * -2.0 * b * y, by_result("ReciprocalGrad", y, dy[0])};
}

struct UnaryOp {
  const char* name;
  const std::vector<DType>& types;
  ElementwiseFunction lowering;
  GradientFunction gradient;
  Activation activation = Activation::kNone;
};

OpDef to_bool(const char* name, ElementwiseFunction lowering) {
  OpDef def = elementwise_op(name, {"x"}, kFloats, lowering, nullptr);
  def.outputs = {"y: bool"};
  def.differentiable = false;
  return def;
}

}  // namespace

void register_math_unary(OpRegistry& ops) {
  const UnaryOp rows[] = {
      {"Neg", kSignedNumbers, lower_unary<Primitive::kNegate>, neg_gradient},
      {"Abs", kSignedNumbers, lower_unary<Primitive::kAbs>, abs_gradient},
      {"Sign", kSignedNumbers, lower_unary<Primitive::kSign>, sign_gradient},
      {"Square", kNumbers, lower_square, square_gradient},
      {"Sqrt", kFloats, lower_unary<Primitive::kSqrt>, sqrt_gradient},
      {"Rsqrt", kFloats, lower_unary<Primitive::kRsqrt>, rsqrt_gradient},
      {"Reciprocal", kSignedNumbers, lower_unary<Primitive::kReciprocal>, reciprocal_gradient},
      {"Exp", kFloats, lower_unary<Primitive::kExp>, exp_gradient},
      {"Expm1", kFloats, lower_unary<Primitive::kExpm1>, expm1_gradient},
      {"Log", kFloats, lower_unary<Primitive::kLog>, log_gradient},
      {"Log1p", kFloats, lower_unary<Primitive::kLog1p>, log1p_gradient},
      {"Tanh", kFloats, lower_unary<Primitive::kTanh>, tanh_gradient, Activation::kTanh},
      {"Sigmoid", kFloats, lower_unary<Primitive::kSigmoid>, sigmoid_gradient,
       Activation::kSigmoid},
      {"Sin", kFloats, lower_unary<Primitive::kSin>, sin_gradient},
      {"Cos", kFloats, lower_unary<Primitive::kCos>, cos_gradient},
      {"Floor", kFloats, lower_unary<Primitive::kFloor>, no_gradient},
      {"Ceil", kFloats, lower_unary<Primitive::kCeil>, no_gradient},
      {"Round", kSignedNumbers, lower_unary<Primitive::kRound>, no_gradient},
      {"Rint", kFloats, lower_unary<Primitive::kRound>, no_gradient},
  };
  for (const UnaryOp& row : rows) {
    OpDef def = elementwise_op(row.name, {"x"}, row.types, row.lowering, row.gradient);
    def.activation = row.activation;
    ops.add(std::move(def));
  }
  const UnaryOp gradients[] = {
      {"TanhGrad", kFloats, lower_tanh_grad, tanh_grad_gradient},
      {"SigmoidGrad", kFloats, lower_sigmoid_grad, sigmoid_grad_gradient},
      {"SqrtGrad", kFloats, lower_sqrt_grad, sqrt_grad_gradient},
      {"RsqrtGrad", kFloats, lower_rsqrt_grad, rsqrt_grad_gradient},
      {"ReciprocalGrad", kFloats, lower_reciprocal_grad, reciprocal_grad_gradient},
  };
  for (const UnaryOp& row : gradients) {
    OpDef def = elementwise_op(row.name, {"y", "dy"}, row.types, row.lowering, row.gradient);
    def.outputs = {"z: T"};
    ops.add(std::move(def));
  }
  ops.add(to_bool("IsFinite", lower_unary<Primitive::kIsFinite>));
  ops.add(to_bool("IsNan", lower_unary<Primitive::kIsNan>));
  ops.add(to_bool("IsInf", lower_is_inf));
  ops.add({.name = "LogicalNot",
           .inputs = {"x: bool"},
           .outputs = {"y: bool"},
           .shape = shape_of_first,
           .differentiable = false,
           .elementwise = lower_unary<Primitive::kLogicalNot>});
}

}  // namespace internal

using internal::add_output;

Output negative(Input x, const OpOptions& options) {
  return add_output("Neg", {x}, {.name = options.name});
}
Output abs(Input x, const OpOptions& options) {
  return add_output("Abs", {x}, {.name = options.name});
}
Output sign(Input x, const OpOptions& options) {
  return add_output("Sign", {x}, {.name = options.name});
}
Output square(Input x, const OpOptions& options) {
  return add_output("Square", {x}, {.name = options.name});
}
Output sqrt(Input x, const OpOptions& options) {
  return add_output("Sqrt", {x}, {.name = options.name});
}
Output rsqrt(Input x, const OpOptions& options) {
  return add_output("Rsqrt", {x}, {.name = options.name});
}
Output reciprocal(Input x, const OpOptions& options) {
  return add_output("Reciprocal", {x}, {.name = options.name});
}
Output exp(Input x, const OpOptions& options) {
  return add_output("Exp", {x}, {.name = options.name});
}
Output expm1(Input x, const OpOptions& options) {
  return add_output("Expm1", {x}, {.name = options.name});
}
Output log(Input x, const OpOptions& options) {
  return add_output("Log", {x}, {.name = options.name});
}
Output log1p(Input x, const OpOptions& options) {
  return add_output("Log1p", {x}, {.name = options.name});
}
Output tanh(Input x, const OpOptions& options) {
  return add_output("Tanh", {x}, {.name = options.name});
}
Output sigmoid(Input x, const OpOptions& options) {
  return add_output("Sigmoid", {x}, {.name = options.name});
}
Output sin(Input x, const OpOptions& options) {
  return add_output("Sin", {x}, {.name = options.name});
}
Output cos(Input x, const OpOptions& options) {
  return add_output("Cos", {x}, {.name = options.name});
}
Output floor(Input x, const OpOptions& options) {
  return add_output("Floor", {x}, {.name = options.name});
}
Output ceil(Input x, const OpOptions& options) {
  return add_output("Ceil", {x}, {.name = options.name});
}
Output round(Input x, const OpOptions& options) {
  if (x.is_output() && is_integer(x.dtype())) return x.output();
  return add_output("Round", {x}, {.name = options.name});
}
Output is_finite(Input x, const OpOptions& options) {
  return add_output("IsFinite", {x}, {.name = options.name});
}
Output is_nan(Input x, const OpOptions& options) {
  return add_output("IsNan", {x}, {.name = options.name});
}
Output is_inf(Input x, const OpOptions& options) {
  return add_output("IsInf", {x}, {.name = options.name});
}
Output logical_not(Input x, const OpOptions& options) {
  return add_output("LogicalNot", {x}, {.name = options.name});
}
Output nn::tanh(Input x, const OpOptions& options) { return tenon::tanh(x, options); }
Output nn::sigmoid(Input x, const OpOptions& options) { return tenon::sigmoid(x, options); }

}  // namespace tenon
