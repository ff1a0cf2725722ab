// Special functions: the error function's kin, the gamma function's, and the zeta function.
#include <cmath>
#include <numbers>

#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "tenon/math_ops.h"
#include "tenon/special_math_ops.h"

namespace tenon {
namespace internal {
namespace {

const std::vector<DType> kWideFloats = {float32, float64};

// (-1)^(n+1) n! zeta(n + 1, x): the derivatives of digamma, which is the one of n = 0.
Values lower_polygamma(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  const Value n = in[0], x = in[1], zero = b.constant_like(n, 0), one = b.constant_like(n, 1);
  const Value next = b.add(n, one);
  const Value odd = b.binary(Primitive::kFloorMod, n, b.constant_like(n, 2));
  const Value sign = b.subtract(b.add(odd, odd), one);
  const Value factorial = b.unary(Primitive::kExp, b.unary(Primitive::kLgamma, next));
  const Value higher = b.multiply(b.multiply(sign, factorial), b.binary(Primitive::kZeta, next, x));
  const Value is_whole = b.binary(Primitive::kEqual, n, b.unary(Primitive::kFloor, n));
  const Value is_positive = b.binary(Primitive::kGreater, n, zero);
  const Value has_meaning = b.binary(Primitive::kLogicalAnd, is_whole, is_positive);
  const Value nan = b.constant_like(n, std::nan(""));
  const Value first =
      b.select(b.binary(Primitive::kEqual, n, zero), b.unary(Primitive::kDigamma, x), nan);
  return {b.select(has_meaning, higher, first)};
}

// dy * factor * e^exponent
Outputs scaled_exponential(const Output& dy, double factor, const Output& exponent) {
  return {factor * dy * exp(exponent)};
}

const double kTwoBySqrtPi = 2 / std::sqrt(std::numbers::pi);

Outputs erf_gradient(const Operation& op, const Outputs& dy) {
  return scaled_exponential(dy[0], kTwoBySqrtPi, negative(square(op.input(0))));
}
Outputs erfc_gradient(const Operation& op, const Outputs& dy) {
  return scaled_exponential(dy[0], -kTwoBySqrtPi, negative(square(op.input(0))));
}
Outputs erfinv_gradient(const Operation& op, const Outputs& dy) {
  return scaled_exponential(dy[0], 1 / kTwoBySqrtPi, square(op.output(0)));
}
Outputs ndtri_gradient(const Operation& op, const Outputs& dy) {
  return scaled_exponential(dy[0], std::sqrt(2 * std::numbers::pi), 0.5 * square(op.output(0)));
}
Outputs lgamma_gradient(const Operation& op, const Outputs& dy) {
  return {dy[0] * digamma(op.input(0))};
}
Outputs digamma_gradient(const Operation& op, const Outputs& dy) {
  return {dy[0] * polygamma(ones_like(op.input(0)), op.input(0))};
}
// None by the first operand, as in TensorFlow.
Outputs polygamma_gradient(const Operation& op, const Outputs& dy) {
  const Output n = op.input(0), x = op.input(1);
  return sum_to_operands(op, Output(), dy[0] * polygamma(n + 1.0, x));
}
Outputs zeta_gradient(const Operation& op, const Outputs& dy) {
  const Output s = op.input(0), q = op.input(1);
  return sum_to_operands(op, Output(), dy[0] * negative(s) * zeta(s + 1.0, q));
}

}  // namespace

void register_math_special(OpRegistry& ops) {
  const struct {
    const char* name;
    ElementwiseFunction lowering;
    GradientFunction gradient;
  } unary[] = {
      {"Erf", lower_unary<Primitive::kErf>, erf_gradient},
      {"Erfc", lower_unary<Primitive::kErfc>, erfc_gradient},
      {"Erfinv", lower_unary<Primitive::kErfinv>, erfinv_gradient},
      {"Ndtri", lower_unary<Primitive::kNdtri>, ndtri_gradient},
      {"Lgamma", lower_unary<Primitive::kLgamma>, lgamma_gradient},
      {"Digamma", lower_unary<Primitive::kDigamma>, digamma_gradient},
  };
  for (const auto& row : unary) {
    ops.add(elementwise_op(row.name, {"x"}, kFloats, row.lowering, row.gradient));
  }
  ops.add(
      broadcasting_op("Polygamma", {"a", "x"}, kWideFloats, lower_polygamma, polygamma_gradient));
  ops.add(broadcasting_op("Zeta", {"x", "q"}, kWideFloats, lower_binary<Primitive::kZeta>,
                          zeta_gradient));
}

}  // namespace internal

using internal::add_output;

Output erf(Input x, const OpOptions& options) {
  return add_output("Erf", {x}, {.name = options.name});
}
Output erfc(Input x, const OpOptions& options) {
  return add_output("Erfc", {x}, {.name = options.name});
}
Output erfinv(Input x, const OpOptions& options) {
  return add_output("Erfinv", {x}, {.name = options.name});
}
Output ndtri(Input x, const OpOptions& options) {
  return add_output("Ndtri", {x}, {.name = options.name});
}
Output lgamma(Input x, const OpOptions& options) {
  return add_output("Lgamma", {x}, {.name = options.name});
}
Output digamma(Input x, const OpOptions& options) {
  return add_output("Digamma", {x}, {.name = options.name});
}
Output polygamma(Input a, Input x, const OpOptions& options) {
  return add_output("Polygamma", {a, x}, {.name = options.name});
}
Output zeta(Input x, Input q, const OpOptions& options) {
  return add_output("Zeta", {x, q}, {.name = options.name});
}

}  // namespace tenon
