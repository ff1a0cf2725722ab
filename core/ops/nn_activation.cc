// Activation functions, and TensorFlow's operations for their gradients.

#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "tenon/nn.h"

namespace tenon {
namespace internal {
namespace {

// Selu's constants (Klambauer et al. 2017).
constexpr double kSeluScale = 1.0507009873554804934193349852946;
constexpr double kSeluScaleAlpha = 1.7580993408473768599402175208123;

Value positive(ElementwiseBuilder& b, Value x) {
  return b.binary(Primitive::kGreater, x, b.constant_like(x, 0));
}
Value is_negative(ElementwiseBuilder& b, Value x) {
  return b.binary(Primitive::kLess, x, b.constant_like(x, 0));
}

Values lower_relu(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  return {b.binary(Primitive::kMaximum, in[0], b.constant_like(in[0], 0))};
}
Values lower_relu6(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  const Value above = b.binary(Primitive::kMaximum, in[0], b.constant_like(in[0], 0));
  return {b.binary(Primitive::kMinimum, above, b.constant_like(in[0], 6))};
}
// exp(x) - 1 where x is negative: elsewhere, where nobody takes it, it mustn't overflow.
Value expm1_below(ElementwiseBuilder& b, Value x) {
  return b.unary(Primitive::kExpm1, b.binary(Primitive::kMinimum, x, b.constant_like(x, 0)));
}
Values lower_elu(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  return {b.select(is_negative(b, in[0]), expm1_below(b, in[0]), in[0])};
}
Values lower_selu(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  const Value x = in[0];
  const Value below = b.multiply(b.constant_like(x, kSeluScaleAlpha), expm1_below(b, x));
  return {b.select(is_negative(b, x), below, b.multiply(b.constant_like(x, kSeluScale), x))};
}
Values lower_leaky_relu(ElementwiseBuilder& b, const Values& in, const AttrMap& attrs) {
  const Value scaled = b.multiply(in[0], b.constant_like(in[0], attrs.get<double>("alpha")));
  return {b.select(positive(b, in[0]), in[0], scaled)};
}
// max(x, 0) + log1p(exp(-|x|)): right for large x of either sign.
Values lower_softplus(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  const Value x = in[0];
  const Value small = b.unary(Primitive::kExp, b.negate(b.unary(Primitive::kAbs, x)));
  return {b.add(b.binary(Primitive::kMaximum, x, b.constant_like(x, 0)),
                b.unary(Primitive::kLog1p, small))};
}
Values lower_softsign(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  return {b.divide(in[0], b.add(b.constant_like(in[0], 1), b.unary(Primitive::kAbs, in[0])))};
}

// The gradients: (gradients, features), but for Elu and Selu, which take their outputs.
Values lower_relu_grad(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  return {b.select(positive(b, in[1]), in[0], b.constant_like(in[0], 0))};
}
Values lower_relu6_grad(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  const Value below = b.binary(Primitive::kLess, in[1], b.constant_like(in[1], 6));
  const Value inside = b.binary(Primitive::kLogicalAnd, positive(b, in[1]), below);
  return {b.select(inside, in[0], b.constant_like(in[0], 0))};
}
Values lower_leaky_relu_grad(ElementwiseBuilder& b, const Values& in, const AttrMap& attrs) {
  const Value scaled = b.multiply(in[0], b.constant_like(in[0], attrs.get<double>("alpha")));
  return {b.select(positive(b, in[1]), in[0], scaled)};
}
Values lower_elu_grad(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  const Value slope = b.add(in[1], b.constant_like(in[1], 1));
  return {b.select(is_negative(b, in[1]), b.multiply(in[0], slope), in[0])};
}
Values lower_selu_grad(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  const Value below = b.add(in[1], b.constant_like(in[1], kSeluScaleAlpha));
  const Value scale = b.constant_like(in[1], kSeluScale);
  return {b.multiply(in[0], b.select(is_negative(b, in[1]), below, scale))};
}
Values lower_softplus_grad(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  return {b.multiply(in[0], b.unary(Primitive::kSigmoid, in[1]))};
}
Values lower_softsign_grad(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  const Value one = b.constant_like(in[1], 1);
  const Value root = b.add(one, b.unary(Primitive::kAbs, in[1]));
  return {b.divide(in[0], b.multiply(root, root))};
}

Outputs relu_gradient(const Operation& op, const Outputs& dy) {
  return {add_output("ReluGrad", {dy[0], op.output(0)})};
}
Outputs relu6_gradient(const Operation& op, const Outputs& dy) {
  return {add_output("Relu6Grad", {dy[0], op.output(0)})};
}
Outputs elu_gradient(const Operation& op, const Outputs& dy) {
  return {add_output("EluGrad", {dy[0], op.output(0)})};
}
Outputs selu_gradient(const Operation& op, const Outputs& dy) {
  return {add_output("SeluGrad", {dy[0], op.output(0)})};
}
Output leaky_relu_grad(const Operation& op, const Output& dy, const Output& features) {
  return add_output("LeakyReluGrad", {dy, features},
                    {.attrs = {{"alpha", op.node()->attrs.get<double>("alpha")}}});
}
Outputs leaky_relu_gradient(const Operation& op, const Outputs& dy) {
  return {leaky_relu_grad(op, dy[0], op.input(0))};
}
Outputs softplus_gradient(const Operation& op, const Outputs& dy) {
  return {add_output("SoftplusGrad", {dy[0], op.input(0)})};
}
Outputs softsign_gradient(const Operation& op, const Outputs& dy) {
  return {add_output("SoftsignGrad", {dy[0], op.input(0)})};
}

// Second derivatives.
Outputs relu_grad_gradient(const Operation& op, const Outputs& dy) {
  return {add_output("ReluGrad", {dy[0], op.input(1)}), zeros_like(op.input(1))};
}
Outputs relu6_grad_gradient(const Operation& op, const Outputs& dy) {
  return {add_output("Relu6Grad", {dy[0], op.input(1)}), zeros_like(op.input(1))};
}
Outputs leaky_relu_grad_gradient(const Operation& op, const Outputs& dy) {
  return {leaky_relu_grad(op, dy[0], op.input(1)), zeros_like(op.input(1))};
}
Outputs elu_grad_gradient(const Operation& op, const Outputs& dy) {
  const Output y = op.input(1);
  return {add_output("EluGrad", {dy[0], y}),
          add_output("SelectV2", {less(y, 0), dy[0] * op.input(0), Input(0)})};
}
Outputs selu_grad_gradient(const Operation& op, const Outputs& dy) {
  const Output y = op.input(1);
  return {add_output("SeluGrad", {dy[0], y}),
          add_output("SelectV2", {less(y, 0), dy[0] * op.input(0), Input(0)})};
}
Outputs softplus_grad_gradient(const Operation& op, const Outputs& dy) {
  const Output gradient = op.input(0), s = sigmoid(op.input(1));
  return {dy[0] * s, dy[0] * gradient * s * (1.0 - s)};
}
Outputs softsign_grad_gradient(const Operation& op, const Outputs& dy) {
  const Output x = op.input(1), root = 1.0 + abs(x);
  return {add_output("SoftsignGrad", {dy[0], x}),
          -2.0 * dy[0] * op.input(0) * sign(x) / (root * root * root)};
}

struct ActivationOp {
  const char* name;
  std::vector<std::string> inputs;
  const std::vector<DType>& types;
  ElementwiseFunction lowering;
  GradientFunction gradient;
  Activation activation = Activation::kNone;
};

}  // namespace

void register_nn_activation(OpRegistry& ops) {
  const std::vector<std::string> one = {"features"}, two = {"gradients", "features"},
                                 by_output = {"gradients", "outputs"};
  const ActivationOp rows[] = {
      {"Relu", one, kNumbers, lower_relu, relu_gradient, Activation::kRelu},
      {"Relu6", one, kNumbers, lower_relu6, relu6_gradient, Activation::kRelu6},
      {"Elu", one, kFloats, lower_elu, elu_gradient, Activation::kElu},
      {"Selu", one, kFloats, lower_selu, selu_gradient},
      {"LeakyRelu", one, kFloats, lower_leaky_relu, leaky_relu_gradient, Activation::kLeakyRelu},
      {"Softplus", one, kFloats, lower_softplus, softplus_gradient},
      {"Softsign", one, kFloats, lower_softsign, softsign_gradient},
      {"ReluGrad", two, kNumbers, lower_relu_grad, relu_grad_gradient},
      {"Relu6Grad", two, kNumbers, lower_relu6_grad, relu6_grad_gradient},
      {"EluGrad", by_output, kFloats, lower_elu_grad, elu_grad_gradient},
      {"SeluGrad", by_output, kFloats, lower_selu_grad, selu_grad_gradient},
      {"LeakyReluGrad", two, kFloats, lower_leaky_relu_grad, leaky_relu_grad_gradient},
      {"SoftplusGrad", two, kFloats, lower_softplus_grad, softplus_grad_gradient},
      {"SoftsignGrad", two, kFloats, lower_softsign_grad, softsign_grad_gradient},
  };
  for (const ActivationOp& row : rows) {
    OpDef def = elementwise_op(row.name, row.inputs, row.types, row.lowering, row.gradient);
    def.outputs = {def.name.ends_with("Grad") ? "backprops: T" : "activations: T"};
    def.activation = row.activation;
    if (def.name.starts_with("LeakyRelu")) def.defaults.set("alpha", 0.2);
    ops.add(std::move(def));
  }
}

}  // namespace internal

using internal::add_output;

Output nn::relu(Input features, const OpOptions& options) {
  return add_output("Relu", {features}, {.name = options.name});
}
Output nn::relu6(Input features, const OpOptions& options) {
  return add_output("Relu6", {features}, {.name = options.name});
}
Output nn::elu(Input features, const OpOptions& options) {
  return add_output("Elu", {features}, {.name = options.name});
}
Output nn::selu(Input features, const OpOptions& options) {
  return add_output("Selu", {features}, {.name = options.name});
}
Output nn::softplus(Input features, const OpOptions& options) {
  return add_output("Softplus", {features}, {.name = options.name});
}
Output nn::softsign(Input features, const OpOptions& options) {
  return add_output("Softsign", {features}, {.name = options.name});
}
Output nn::leaky_relu(Input features, const LeakyReluOptions& options) {
  // TensorFlow keeps it in 32 bits, whatever the dtype.
  const double alpha = static_cast<float>(options.alpha);
  return add_output("LeakyRelu", {features}, {.name = options.name, .attrs = {{"alpha", alpha}}});
}

}  // namespace tenon
