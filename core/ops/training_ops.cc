// The updates that optimizers make, each one elementwise program over a variable and its slots.
// Every operation exists for reference variables (ApplyAdam) and for handles (ResourceApplyAdam).

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"

namespace tenon::internal {
namespace {

using B = ElementwiseBuilder;

Value square_of(B& b, Value x) { return b.multiply(x, x); }
// a + (x - a) * (1 - decay): the moving average as TensorFlow computes it.
Value average(B& b, Value a, Value x, Value decay) {
  return b.add(a, b.multiply(b.subtract(x, a), b.subtract(b.constant_like(decay, 1), decay)));
}

// var, alpha, delta
Values gradient_descent(B& b, const Values& in, const AttrMap&) {
  return {b.subtract(in[0], b.multiply(in[1], in[2]))};
}

// var, accum, lr, grad, momentum
Values momentum(B& b, const Values& in, const AttrMap& attrs) {
  const Value lr = in[2], grad = in[3];
  const Value accum = b.add(b.multiply(in[1], in[4]), grad);
  if (!attrs.get<bool>("use_nesterov")) {
    return {b.subtract(in[0], b.multiply(lr, accum)), accum};
  }
  const Value ahead = b.add(b.multiply(grad, lr), b.multiply(b.multiply(accum, in[4]), lr));
  return {b.subtract(in[0], ahead), accum};
}

// var, m, v, beta1_power, beta2_power, lr, beta1, beta2, epsilon, grad
Values adam(B& b, const Values& in, const AttrMap& attrs) {
  const Value one = b.constant_like(in[0], 1), grad = in[9];
  const Value rate =
      b.divide(b.multiply(in[5], b.sqrt(b.subtract(one, in[4]))), b.subtract(one, in[3]));
  const Value m = average(b, in[1], grad, in[6]);
  const Value v = average(b, in[2], square_of(b, grad), in[7]);
  const Value root = b.add(b.sqrt(v), in[8]);
  Value step = m;
  if (attrs.get<bool>("use_nesterov")) {
    step = b.add(b.multiply(grad, b.subtract(one, in[6])), b.multiply(in[6], m));
  }
  return {b.subtract(in[0], b.divide(b.multiply(step, rate), root)), m, v};
}

// var, accum, lr, grad
Values adagrad(B& b, const Values& in, const AttrMap& attrs) {
  const Value grad = in[3];
  const Value accum = attrs.get<bool>("update_slots") ? b.add(in[1], square_of(b, grad)) : in[1];
  const Value step = b.divide(b.multiply(in[2], grad), b.sqrt(accum));
  return {b.subtract(in[0], step), accum};
}

// var, accum, accum_update, lr, rho, epsilon, grad
Values adadelta(B& b, const Values& in, const AttrMap&) {
  const Value lr = in[3], rho = in[4], epsilon = in[5], grad = in[6];
  const Value accum = average(b, in[1], square_of(b, grad), rho);
  const Value update =
      b.multiply(b.divide(b.sqrt(b.add(in[2], epsilon)), b.sqrt(b.add(accum, epsilon))), grad);
  return {b.subtract(in[0], b.multiply(lr, update)), accum,
          average(b, in[2], square_of(b, update), rho)};
}

// var, ms, mom, lr, rho, momentum, epsilon, grad
Values rms_prop(B& b, const Values& in, const AttrMap&) {
  const Value ms = average(b, in[1], square_of(b, in[7]), in[4]);
  const Value step = b.divide(b.multiply(in[3], in[7]), b.sqrt(b.add(ms, in[6])));
  const Value mom = b.add(b.multiply(in[2], in[5]), step);
  return {b.subtract(in[0], mom), ms, mom};
}

// var, mg, ms, mom, lr, rho, momentum, epsilon, grad
Values centered_rms_prop(B& b, const Values& in, const AttrMap&) {
  const Value grad = in[8];
  const Value ms = average(b, in[2], square_of(b, grad), in[5]);
  const Value mg = average(b, in[1], grad, in[5]);
  const Value variance = b.add(b.subtract(ms, square_of(b, mg)), in[7]);
  const Value step = b.divide(b.multiply(in[4], grad), b.sqrt(variance));
  const Value mom = b.add(b.multiply(in[3], in[6]), step);
  return {b.subtract(in[0], mom), mg, ms, mom};
}

// var, accum, linear, grad, lr, l1, l2, lr_power
Values ftrl(B& b, const Values& in, const AttrMap&) {
  const Value var = in[0], grad = in[3], lr = in[4], l1 = in[5];
  const Value power = b.negate(in[7]);
  const Value accum = b.add(in[1], square_of(b, grad));
  const Value new_root = b.binary(Primitive::kPower, accum, power);
  const Value sigma = b.divide(b.subtract(new_root, b.binary(Primitive::kPower, in[1], power)), lr);
  const Value linear = b.subtract(b.add(in[2], grad), b.multiply(sigma, var));
  const Value x = b.subtract(b.multiply(l1, b.unary(Primitive::kSign, linear)), linear);
  const Value y = b.add(b.divide(new_root, lr), b.multiply(b.constant_like(var, 2), in[6]));
  const Value far = b.binary(Primitive::kGreater, b.unary(Primitive::kAbs, linear), l1);
  return {b.select(far, b.divide(x, y), b.constant_like(var, 0)), accum, linear};
}

// sign(x) * max(|x| - rate * l1, 0) / (1 + rate * l2): what pulls to zero by an L1 and an L2
// penalty.
Value shrunk(B& b, Value x, Value rate, Value l1, Value l2) {
  const Value zero = b.constant_like(x, 0), one = b.constant_like(x, 1);
  const Value size = b.subtract(b.unary(Primitive::kAbs, x), b.multiply(rate, l1));
  const Value left =
      b.multiply(b.unary(Primitive::kSign, x), b.binary(Primitive::kMaximum, size, zero));
  return b.divide(left, b.add(one, b.multiply(rate, l2)));
}

// var, alpha, l1, l2, delta
Values proximal_gradient_descent(B& b, const Values& in, const AttrMap&) {
  const Value moved = b.subtract(in[0], b.multiply(in[1], in[4]));
  return {shrunk(b, moved, in[1], in[2], in[3])};
}

// var, accum, lr, l1, l2, grad
Values proximal_adagrad(B& b, const Values& in, const AttrMap&) {
  const Value grad = in[5];
  const Value accum = b.add(in[1], square_of(b, grad));
  const Value rate = b.divide(in[2], b.sqrt(accum));
  const Value moved = b.subtract(in[0], b.multiply(grad, rate));
  return {shrunk(b, moved, rate, in[3], in[4]), accum};
}

// var, gradient_accumulator, gradient_squared_accumulator, grad, lr, l1, l2, global_step
Values adagrad_da(B& b, const Values& in, const AttrMap&) {
  const Value lr = in[4], step = b.cast(in[7], b.dtype(in[0]));
  const Value sum = b.add(in[1], in[3]), squares = b.add(in[2], square_of(b, in[3]));
  const Value zero = b.constant_like(sum, 0);
  const Value size = b.subtract(b.unary(Primitive::kAbs, sum), b.multiply(in[5], step));
  const Value left = b.multiply(b.multiply(lr, b.negate(b.unary(Primitive::kSign, sum))),
                                b.binary(Primitive::kMaximum, size, zero));
  const Value damping = b.multiply(b.multiply(in[6], step), lr);
  return {b.divide(left, b.add(damping, b.sqrt(squares))), sum, squares};
}

struct UpdateOp {
  const char* name;
  std::vector<const char*> written;  // the variable and its slots
  std::vector<const char*> read;     // numbers but for the gradient, of T unless they say another
  ElementwiseFunction lowering;
  AttrMap defaults = {};
};

// All that is written and the gradient have one shape; the rest are numbers.
Shape updated_shape(const ShapeContext& context) {
  Shape shape = context.inputs[0];
  for (size_t i = 1; i < context.inputs.size(); ++i) {
    if (context.inputs[i].rank() == 0) continue;
    require<ValueError>(shape.compatible_with(context.inputs[i]), ErrorKind::shape_incompatible,
                        "Shapes must be equal: the variable's is ", shape, ", and of input ", i,
                        " it is ", context.inputs[i]);
    shape = shape.merged_with(context.inputs[i]);
  }
  return shape;
}
Shapes shape_of_variable(const ShapeContext& context) { return {updated_shape(context)}; }
Shapes checked_shape(const ShapeContext& context) {
  updated_shape(context);
  return {};
}

OpDef update_op(const UpdateOp& row, bool resource) {
  OpDef def;
  def.name = str(resource ? "Resource" : "", row.name);
  for (const char* name : row.written) {
    def.writes.push_back(static_cast<int>(def.inputs.size()));
    def.inputs.push_back(str(name, resource ? ": resource" : ": Ref(T)"));
  }
  for (const std::string name : row.read) {
    def.inputs.push_back(name.find(':') == std::string::npos ? name + ": T" : name);
  }
  if (!resource) def.outputs = {"out: Ref(T)"};
  def.defaults = row.defaults;
  def.defaults.set("use_locking", false);
  def.types = {{"T", kNumbers}};
  def.shape = resource ? checked_shape : shape_of_variable;
  def.differentiable = false;
  def.elementwise = row.lowering;
  def.stateful = true;
  return def;
}

}  // namespace

void register_training_ops(OpRegistry& ops) {
  const AttrMap nesterov{{"use_nesterov", false}}, slots{{"update_slots", true}},
      linear{{"multiply_linear_by_lr", false}};
  const UpdateOp rows[] = {
      {"ApplyGradientDescent", {"var"}, {"alpha", "delta"}, gradient_descent},
      {"ApplyMomentum", {"var", "accum"}, {"lr", "grad", "momentum"}, momentum, nesterov},
      {"ApplyAdam",
       {"var", "m", "v"},
       {"beta1_power", "beta2_power", "lr", "beta1", "beta2", "epsilon", "grad"},
       adam,
       nesterov},
      {"ApplyAdagrad", {"var", "accum"}, {"lr", "grad"}, adagrad, slots},
      {"ApplyAdadelta",
       {"var", "accum", "accum_update"},
       {"lr", "rho", "epsilon", "grad"},
       adadelta},
      {"ApplyRMSProp",
       {"var", "ms", "mom"},
       {"lr", "rho", "momentum", "epsilon", "grad"},
       rms_prop},
      {"ApplyCenteredRMSProp",
       {"var", "mg", "ms", "mom"},
       {"lr", "rho", "momentum", "epsilon", "grad"},
       centered_rms_prop},
      {"ApplyFtrl",
       {"var", "accum", "linear"},
       {"grad", "lr", "l1", "l2", "lr_power"},
       ftrl,
       linear},
      {"ApplyProximalGradientDescent",
       {"var"},
       {"alpha", "l1", "l2", "delta"},
       proximal_gradient_descent},
      {"ApplyProximalAdagrad", {"var", "accum"}, {"lr", "l1", "l2", "grad"}, proximal_adagrad},
      {"ApplyAdagradDA",
       {"var", "gradient_accumulator", "gradient_squared_accumulator"},
       {"grad", "lr", "l1", "l2", "global_step: int64"},
       adagrad_da},
  };
  for (const UpdateOp& row : rows) {
    ops.add(update_op(row, false));
    ops.add(update_op(row, true));
  }
}

}  // namespace tenon::internal
