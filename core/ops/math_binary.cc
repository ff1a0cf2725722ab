// Elementwise operations of two tensors that broadcast (numpy's rule), and AddN.

#include "core/base/check.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/integer_values.h"
#include "core/ops/op_scope.h"
#include "tenon/math_ops.h"

namespace tenon {
namespace internal {
namespace {

Outputs add_gradient(const Operation& op, const Outputs& dy) {
  return sum_to_operands(op, dy[0], dy[0]);
}
Outputs sub_gradient(const Operation& op, const Outputs& dy) {
  return sum_to_operands(op, dy[0], negative(dy[0]));
}
Outputs mul_gradient(const Operation& op, const Outputs& dy) {
  return sum_to_operands(op, dy[0] * op.input(1), op.input(0) * dy[0]);
}
Outputs div_gradient(const Operation& op, const Outputs& dy) {
  const Output x = op.input(0), y = op.input(1);
  const auto real_div = [](const Output& a, const Output& b) {
    return add_output("RealDiv", {a, b});
  };
  return sum_to_operands(op, real_div(dy[0], y), dy[0] * real_div(real_div(negative(x), y), y));
}
Outputs div_no_nan_gradient(const Operation& op, const Outputs& dy) {
  const Output x = op.input(0), y = op.input(1);
  return sum_to_operands(op, div_no_nan(dy[0], y),
                         dy[0] * div_no_nan(div_no_nan(negative(x), y), y));
}
Outputs mod_gradient(const Operation& op, const Outputs& dy) {
  const Output quotient = floordiv(op.input(0), op.input(1));
  return sum_to_operands(op, dy[0], dy[0] * negative(quotient));
}
Outputs squared_difference_gradient(const Operation& op, const Outputs& dy) {
  const Output gx = 2.0 * dy[0] * (op.input(0) - op.input(1));
  return sum_to_operands(op, gx, negative(gx));
}
Outputs pow_gradient(const Operation& op, const Outputs& dy) {
  const Output x = op.input(0), y = op.input(1);
  const Output gx = dy[0] * y * pow(x, y - 1);
  // Where x isn't positive the logarithm has no real value: the gradient is 0 there.
  const Output positive = greater(x, 0);
  const Output logarithm = log(add_output("SelectV2", {positive, x, Input(1)}));
  const Output safe = add_output("SelectV2", {positive, logarithm, Input(0)});
  return sum_to_operands(op, gx, dy[0] * op.output(0) * safe);
}

// All of the gradient goes to the operand that was chosen, to the first at ties.
Outputs chosen_gradient(const Operation& op, const Output& first, const Output& dy) {
  return sum_to_operands(op, add_output("SelectV2", {first, dy, Input(0)}),
                         add_output("SelectV2", {first, Input(0), dy}));
}
Outputs maximum_gradient(const Operation& op, const Outputs& dy) {
  return chosen_gradient(op, greater_equal(op.input(0), op.input(1)), dy[0]);
}
Outputs minimum_gradient(const Operation& op, const Outputs& dy) {
  return chosen_gradient(op, less_equal(op.input(0), op.input(1)), dy[0]);
}

Outputs add_n_gradient(const Operation& op, const Outputs& dy) {
  return Outputs(static_cast<size_t>(op.input_count()), dy[0]);
}

Values lower_squared_difference(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  return {b.binary(Primitive::kSquaredDifference, in[0], in[1])};
}
Values lower_div_no_nan(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  // Nothing is divided by 0, which hosts may trap.
  const Value zero = b.constant_like(in[0], 0);
  const Value is_zero = b.binary(Primitive::kEqual, in[1], zero);
  const Value divisor = b.select(is_zero, b.constant_like(in[0], 1), in[1]);
  return {b.select(is_zero, zero, b.divide(in[0], divisor))};
}
Values lower_add_n(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  Value sum = in[0];
  for (size_t i = 1; i < in.size(); ++i) sum = b.add(sum, in[i]);
  return {sum};
}

bool always(const AttrMap&) { return true; }

struct BinaryOp {
  const char* name;
  ElementwiseFunction lowering;
  GradientFunction gradient;
  ValueFunction value = nullptr;
  const std::vector<DType>& types = kNumbers;
};

OpDef binary_op(const BinaryOp& row) {
  OpDef def = broadcasting_op(row.name, {"x", "y"}, row.types, row.lowering, row.gradient);
  def.value = row.value;
  return def;
}

void register_arithmetic(OpRegistry& ops) {
  const BinaryOp rows[] = {
      {"Add", lower_binary<Primitive::kAdd>, add_gradient, integer_binary_value<scalar::Add>,
       kUsualNumbers},
      {"AddV2", lower_binary<Primitive::kAdd>, add_gradient, integer_binary_value<scalar::Add>},
      {"Sub", lower_binary<Primitive::kSubtract>, sub_gradient,
       integer_binary_value<scalar::Subtract>},
      {"Mul", lower_binary<Primitive::kMultiply>, mul_gradient,
       integer_binary_value<scalar::Multiply>},
      {"Div", lower_binary<Primitive::kDivide>, div_gradient},
      {"RealDiv", lower_binary<Primitive::kDivide>, div_gradient},
      {"FloorDiv", lower_binary<Primitive::kFloorDivide>, no_gradient,
       integer_binary_value<scalar::FloorDivide>},
      {"FloorMod", lower_binary<Primitive::kFloorMod>, mod_gradient,
       integer_binary_value<scalar::FloorMod>},
      {"TruncateMod", lower_binary<Primitive::kTruncateMod>, nullptr, nullptr, kUsualNumbers},
      {"Maximum", lower_binary<Primitive::kMaximum>, maximum_gradient,
       integer_binary_value<scalar::Maximum>},
      {"Minimum", lower_binary<Primitive::kMinimum>, minimum_gradient,
       integer_binary_value<scalar::Minimum>},
      {"SquaredDifference", lower_squared_difference, squared_difference_gradient, nullptr,
       kUsualNumbers},
      {"Pow", lower_binary<Primitive::kPower>, pow_gradient, nullptr, kSignedNumbers},
      {"DivNoNan", lower_div_no_nan, div_no_nan_gradient, nullptr, kFloats},
  };
  for (const BinaryOp& row : rows) {
    OpDef def = binary_op(row);
    if (row.gradient == add_gradient) def.adds_along_last = always;
    ops.add(std::move(def));
  }
  ops.add({.name = "AddN",
           .inputs = {"inputs: N * T"},
           .outputs = {"sum: T"},
           .types = {{"T", kNumbers}},
           .shape = merged_shape,
           .gradient = add_n_gradient,
           .elementwise = lower_add_n});
}

void register_comparisons(OpRegistry& ops) {
  std::vector<DType> any = kNumbers;
  any.push_back(bool_);
  const auto add = [&](const char* name, ElementwiseFunction lowering,
                       const std::vector<DType>& types) {
    OpDef def = binary_op({name, lowering, nullptr, nullptr, types});
    def.outputs = {"z: bool"};
    def.differentiable = false;
    if (std::string_view(name).ends_with("Equal") && &types == &any) {
      def.defaults.set("incompatible_shape_error", true);
    }
    ops.add(std::move(def));
  };
  any.push_back(DType::string);
  add("Equal", lower_binary<Primitive::kEqual>, any);
  add("NotEqual", lower_binary<Primitive::kNotEqual>, any);
  add("Less", lower_binary<Primitive::kLess>, kNumbers);
  add("LessEqual", lower_binary<Primitive::kLessEqual>, kNumbers);
  add("Greater", lower_binary<Primitive::kGreater>, kNumbers);
  add("GreaterEqual", lower_binary<Primitive::kGreaterEqual>, kNumbers);
  const BinaryOp logical[] = {
      {"LogicalAnd", lower_binary<Primitive::kLogicalAnd>, nullptr},
      {"LogicalOr", lower_binary<Primitive::kLogicalOr>, nullptr},
  };
  for (const BinaryOp& row : logical) {
    ops.add({.name = row.name,
             .inputs = {"x: bool", "y: bool"},
             .outputs = {"z: bool"},
             .shape = broadcast_shapes,
             .differentiable = false,
             .elementwise = row.lowering});
  }
}

// An operand that is a literal takes the dtype of the other, where that is a tensor.
DType dtype_beside(const Input& operand, const Input& other) {
  if (!operand.is_output() && operand.is_weak() && other.is_output()) {
    return other.dtype();
  }
  return DType::invalid;
}

DType quotient_dtype(DType dtype) {
  if (is_integer(dtype)) return size_of(dtype) < 4 ? float32 : float64;
  require<TypeError>(is_floating(dtype), ErrorKind::dtype_incompatible, "Invalid dtype ", dtype,
                     " in a division: numbers are wanted");
  return dtype;
}

}  // namespace

void register_math_binary(OpRegistry& ops) {
  register_arithmetic(ops);
  register_comparisons(ops);
}

}  // namespace internal

using internal::add_output;
using internal::as_output;

Output add(Input x, Input y, const OpOptions& options) {
  return add_output("AddV2", {x, y}, {.name = options.name.empty() ? "Add" : options.name});
}
Output subtract(Input x, Input y, const OpOptions& options) {
  return add_output("Sub", {x, y}, {.name = options.name});
}
Output multiply(Input x, Input y, const OpOptions& options) {
  return add_output("Mul", {x, y}, {.name = options.name});
}
Output divide(Input x, Input y, const OpOptions& options) { return truediv(x, y, options); }

Output truediv(Input x, Input y, const OpOptions& options) {
  const internal::OpScope scope(options.name, "truediv", {x, y});
  const Output a = as_output(x, "x", internal::dtype_beside(x, y));
  const Output b = as_output(y, "y", y.is_weak() ? a.dtype() : DType::invalid);
  // The kind is the one that the recorded answers of TensorFlow have for this.
  internal::require<TypeError>(a.dtype() == b.dtype(), ErrorKind::shape_incompatible,
                               "`x` and `y` must have the same dtype, got ", a.dtype(),
                               " != ", b.dtype(), " in a division");
  const DType dtype = internal::quotient_dtype(a.dtype());
  return add_output("RealDiv", {cast(a, dtype), cast(b, dtype)}, {.name = scope.name()});
}

Output floordiv(Input x, Input y, const OpOptions& options) {
  return add_output("FloorDiv", {x, y}, {.name = options.name.empty() ? "floordiv" : options.name});
}
Output mod(Input x, Input y, const OpOptions& options) {
  return add_output("FloorMod", {x, y}, {.name = options.name});
}
Output floormod(Input x, Input y, const OpOptions& options) { return mod(x, y, options); }
Output pow(Input x, Input y, const OpOptions& options) {
  return add_output("Pow", {x, y}, {.name = options.name});
}
Output squared_difference(Input x, Input y, const OpOptions& options) {
  return add_output("SquaredDifference", {x, y}, {.name = options.name});
}
Output maximum(Input x, Input y, const OpOptions& options) {
  return add_output("Maximum", {x, y}, {.name = options.name});
}
Output minimum(Input x, Input y, const OpOptions& options) {
  return add_output("Minimum", {x, y}, {.name = options.name});
}
Output div_no_nan(Input x, Input y, const OpOptions& options) {
  return add_output("DivNoNan", {x, y}, {.name = options.name});
}
Output equal(Input x, Input y, const OpOptions& options) {
  return add_output("Equal", {x, y}, {.name = options.name});
}
Output not_equal(Input x, Input y, const OpOptions& options) {
  return add_output("NotEqual", {x, y}, {.name = options.name});
}
Output less(Input x, Input y, const OpOptions& options) {
  return add_output("Less", {x, y}, {.name = options.name});
}
Output less_equal(Input x, Input y, const OpOptions& options) {
  return add_output("LessEqual", {x, y}, {.name = options.name});
}
Output greater(Input x, Input y, const OpOptions& options) {
  return add_output("Greater", {x, y}, {.name = options.name});
}
Output greater_equal(Input x, Input y, const OpOptions& options) {
  return add_output("GreaterEqual", {x, y}, {.name = options.name});
}
Output logical_and(Input x, Input y, const OpOptions& options) {
  return add_output("LogicalAnd", {x, y}, {.name = options.name});
}
Output logical_or(Input x, Input y, const OpOptions& options) {
  return add_output("LogicalOr", {x, y}, {.name = options.name});
}
Output logical_xor(Input x, Input y, const OpOptions& options) {
  const internal::OpScope scope(options.name, "LogicalXor", {x, y});
  const Output a = as_output(x, "x"), b = as_output(y, "y");
  return logical_and(logical_or(a, b), logical_not(logical_and(a, b)), {.name = scope.name()});
}

Output add_n(const Inputs& inputs, const OpOptions& options) {
  internal::require<ValueError>(!inputs.empty(), ErrorKind::bad_argument,
                                "Inputs must be a list of at least one tensor");
  if (inputs.size() == 1) {
    const Output only = as_output(inputs[0], "inputs");
    return options.name.empty() ? only : identity(only, options);
  }
  return add_output("AddN", {inputs}, {.name = options.name});
}

namespace {
Output sum(const Input& x, const Input& y) { return add_output("AddV2", {x, y}, {.name = "add"}); }
Output difference(const Input& x, const Input& y) {
  return add_output("Sub", {x, y}, {.name = "sub"});
}
bool is_bool(const Input& x) { return x.is_output() && x.dtype() == DType::bool_; }
// Only the operator takes bools, as TensorFlow's does: by way of int32.
Output product(const Input& x, const Input& y) {
  if (!is_bool(x) && !is_bool(y)) return add_output("Mul", {x, y}, {.name = "mul"});
  const internal::OpScope scope("", "mul", {x, y});
  const Output a = cast(x, int32), b = cast(y, int32);
  return cast(add_output("Mul", {a, b}, {.name = scope.name()}), bool_);
}
Output remainder(const Input& x, const Input& y) { return mod(x, y, {.name = "mod"}); }
Output both(const Input& x, const Input& y) { return logical_and(x, y, {.name = "and"}); }
Output either(const Input& x, const Input& y) { return logical_or(x, y, {.name = "or"}); }
Output one_of(const Input& x, const Input& y) { return logical_xor(x, y, {.name = "xor"}); }
}  // namespace

Output operator+(GraphOperand x, GraphOperand y) { return sum(x.input, y.input); }
Output operator+(GraphOperand x, OtherOperand y) { return sum(x.input, y.input); }
Output operator+(OtherOperand x, GraphOperand y) { return sum(x.input, y.input); }
Output operator-(GraphOperand x, GraphOperand y) { return difference(x.input, y.input); }
Output operator-(GraphOperand x, OtherOperand y) { return difference(x.input, y.input); }
Output operator-(OtherOperand x, GraphOperand y) { return difference(x.input, y.input); }
Output operator*(GraphOperand x, GraphOperand y) { return product(x.input, y.input); }
Output operator*(GraphOperand x, OtherOperand y) { return product(x.input, y.input); }
Output operator*(OtherOperand x, GraphOperand y) { return product(x.input, y.input); }
Output operator/(GraphOperand x, GraphOperand y) { return truediv(x.input, y.input); }
Output operator/(GraphOperand x, OtherOperand y) { return truediv(x.input, y.input); }
Output operator/(OtherOperand x, GraphOperand y) { return truediv(x.input, y.input); }
Output operator-(GraphOperand x) { return negative(x.input); }
Output operator%(GraphOperand x, GraphOperand y) { return remainder(x.input, y.input); }
Output operator%(GraphOperand x, OtherOperand y) { return remainder(x.input, y.input); }
Output operator%(OtherOperand x, GraphOperand y) { return remainder(x.input, y.input); }
Output operator<(GraphOperand x, GraphOperand y) { return less(x.input, y.input); }
Output operator<(GraphOperand x, OtherOperand y) { return less(x.input, y.input); }
Output operator<(OtherOperand x, GraphOperand y) { return less(x.input, y.input); }
Output operator<=(GraphOperand x, GraphOperand y) { return less_equal(x.input, y.input); }
Output operator<=(GraphOperand x, OtherOperand y) { return less_equal(x.input, y.input); }
Output operator<=(OtherOperand x, GraphOperand y) { return less_equal(x.input, y.input); }
Output operator>(GraphOperand x, GraphOperand y) { return greater(x.input, y.input); }
Output operator>(GraphOperand x, OtherOperand y) { return greater(x.input, y.input); }
Output operator>(OtherOperand x, GraphOperand y) { return greater(x.input, y.input); }
Output operator>=(GraphOperand x, GraphOperand y) { return greater_equal(x.input, y.input); }
Output operator>=(GraphOperand x, OtherOperand y) { return greater_equal(x.input, y.input); }
Output operator>=(OtherOperand x, GraphOperand y) { return greater_equal(x.input, y.input); }
Output operator&(GraphOperand x, GraphOperand y) { return both(x.input, y.input); }
Output operator&(GraphOperand x, OtherOperand y) { return both(x.input, y.input); }
Output operator&(OtherOperand x, GraphOperand y) { return both(x.input, y.input); }
Output operator|(GraphOperand x, GraphOperand y) { return either(x.input, y.input); }
Output operator|(GraphOperand x, OtherOperand y) { return either(x.input, y.input); }
Output operator|(OtherOperand x, GraphOperand y) { return either(x.input, y.input); }
Output operator^(GraphOperand x, GraphOperand y) { return one_of(x.input, y.input); }
Output operator^(GraphOperand x, OtherOperand y) { return one_of(x.input, y.input); }
Output operator^(OtherOperand x, GraphOperand y) { return one_of(x.input, y.input); }
Output operator~(GraphOperand x) { return logical_not(x.input); }

}  // namespace tenon
