// Arithmetic, comparisons and reductions.
#include "tests/golden/op_call.h"

namespace replay {

namespace {

using tenon::GraphOperand;
using tenon::OtherOperand;
using tenon::Output;

// What Python's operators call; at least one side is no literal.
template <typename Apply>
Output operate(const OpCall& call, Apply&& apply) {
  if (call.is_literal(0)) return apply(OtherOperand(call.input(0)), GraphOperand(call.output(1)));
  if (call.is_literal(1)) return apply(GraphOperand(call.output(0)), OtherOperand(call.input(1)));
  return apply(GraphOperand(call.output(0)), GraphOperand(call.output(1)));
}

Thing plus(const OpCall& call) {
  return operate(call, [](const auto& x, const auto& y) { return tenon::operator+(x, y); });
}

Thing minus(const OpCall& call) {
  return operate(call, [](const auto& x, const auto& y) { return tenon::operator-(x, y); });
}

Thing times(const OpCall& call) {
  return operate(call, [](const auto& x, const auto& y) { return tenon::operator*(x, y); });
}

Thing over(const OpCall& call) {
  return operate(call, [](const auto& x, const auto& y) { return tenon::operator/(x, y); });
}

Thing remainder(const OpCall& call) {
  return operate(call, [](const auto& x, const auto& y) { return tenon::operator%(x, y); });
}

Thing below(const OpCall& call) {
  return operate(call, [](const auto& x, const auto& y) { return tenon::operator<(x, y); });
}

Thing at_most(const OpCall& call) {
  return operate(call, [](const auto& x, const auto& y) { return tenon::operator<=(x, y); });
}

Thing above(const OpCall& call) {
  return operate(call, [](const auto& x, const auto& y) { return tenon::operator>(x, y); });
}

Thing at_least(const OpCall& call) {
  return operate(call, [](const auto& x, const auto& y) { return tenon::operator>=(x, y); });
}

Thing both(const OpCall& call) {
  return operate(call, [](const auto& x, const auto& y) { return tenon::operator&(x, y); });
}

Thing either(const OpCall& call) {
  return operate(call, [](const auto& x, const auto& y) { return tenon::operator|(x, y); });
}

Thing one_of(const OpCall& call) {
  return operate(call, [](const auto& x, const auto& y) { return tenon::operator^(x, y); });
}

Thing inverted(const OpCall& call) { return ~call.output(0); }

// Python's // and **.
Thing floor_quotient(const OpCall& call) { return tenon::floordiv(call.input(0), call.input(1)); }
Thing power(const OpCall& call) {
  return tenon::pow(call.input(0), call.input(1), {.name = "pow"});
}

Thing unary_minus(const OpCall& call) { return -call.output(0); }

// C++ has no operator @; Python's names its operation so.
Thing at(const OpCall& call) {
  return tenon::matmul(call.input(0), call.input(1), {.name = "matmul"});
}

Thing matmul(const OpCall& call) {
  return tenon::matmul(call.input(0), call.input(1),
                       {.transpose_a = call.flag("transpose_a"),
                        .transpose_b = call.flag("transpose_b"),
                        .name = call.name()});
}

template <Output (*reduce)(tenon::Input, const tenon::ReduceOptions&)>
Thing reduction(const OpCall& call) {
  return reduce(
      call.input(0),
      {.axis = call.axes("axis"), .keepdims = call.flag("keepdims"), .name = call.name()});
}

template <Output (*arg)(tenon::Input, const tenon::ArgMaxOptions&)>
Thing arg_extreme(const OpCall& call) {
  return arg(call.input(0), {.axis = call.integer("axis", 0),
                             .output_type = call.dtype("output_type", tenon::int64),
                             .name = call.name()});
}

Thing cumsum(const OpCall& call) {
  return tenon::cumsum(call.input(0), {.axis = call.integer("axis", 0),
                                       .exclusive = call.flag("exclusive"),
                                       .reverse = call.flag("reverse"),
                                       .name = call.name()});
}

Thing cast(const OpCall& call) {
  return tenon::cast(call.input(0), dtype_from(call.attribute("dtype")), call.options());
}

Thing add_n(const OpCall& call) { return tenon::add_n(call.list(0), call.options()); }

Thing clip_by_value(const OpCall& call) {
  return tenon::clip_by_value(call.input(0), call.as_input("clip_value_min"),
                              call.as_input("clip_value_max"), call.options());
}

// A sparse gradient made by hand, whose rows are clipped; null for what is anything else.
std::shared_ptr<RowGradient> rows_by_hand(const OpCall& call, const Json& json) {
  const Thing thing = call.program().thing(json);
  const auto* rows = std::get_if<std::shared_ptr<RowGradient>>(&thing);
  return rows == nullptr || (*rows)->dense ? nullptr : *rows;
}

Thing with_values(const RowGradient& rows, const Output& values) {
  RowGradient changed = rows;
  changed.values = values;
  return std::make_shared<RowGradient>(changed);
}

Thing clip_by_norm(const OpCall& call) {
  const auto clipped = [&](const tenon::Input& values) {
    return tenon::clip_by_norm(values, call.as_input("clip_norm"), {.name = call.name()});
  };
  if (const auto rows = rows_by_hand(call, call.json(0))) {
    return with_values(*rows, clipped(rows->values));
  }
  return gradient_thing(clipped(call.input(0)));
}

Thing clip_by_average_norm(const OpCall& call) {
  return tenon::clip_by_average_norm(call.input(0), call.as_input("clip_norm"), call.options());
}

Thing global_norm(const OpCall& call) {
  return tenon::global_norm(call.outputs(0), call.options());
}

Thing clip_by_global_norm(const OpCall& call) {
  tenon::ClipByGlobalNormOptions options{.name = call.name()};
  if (call.has("use_norm")) options.use_norm = call.as_input("use_norm");
  std::vector<Output> tensors;
  for (const Json& item : call.json(0)) {
    const auto rows = rows_by_hand(call, item);
    tensors.push_back(rows ? rows->values : call.program().gradient(item));
  }
  const auto clipped = tenon::clip_by_global_norm(tensors, call.as_input("clip_norm"), options);
  auto list = std::make_shared<List>();
  for (size_t i = 0; i < tensors.size(); ++i) {
    const auto rows = rows_by_hand(call, call.json(0).at(i));
    list->items.push_back(rows ? with_values(*rows, clipped.tensors[i])
                               : gradient_thing(clipped.tensors[i]));
  }
  list->items.emplace_back(clipped.global_norm);
  return list;
}

}  // namespace

const UnaryTable& unary_ops() {
  static const UnaryTable ops = {
      {"identity", tenon::identity},
      {"stop_gradient", tenon::stop_gradient},
      {"negative", tenon::negative},
      {"square", tenon::square},
      {"sqrt", tenon::sqrt},
      {"exp", tenon::exp},
      {"log", tenon::log},
      {"tanh", tenon::tanh},
      {"sigmoid", tenon::sigmoid},
      {"relu", tenon::nn::relu},
      {"reciprocal", tenon::reciprocal},
      {"rsqrt", tenon::rsqrt},
      {"abs", tenon::abs},
      {"builtin abs", tenon::abs},
      {"sign", tenon::sign},
      {"floor", tenon::floor},
      {"ceil", tenon::ceil},
      {"log1p", tenon::log1p},
      {"expm1", tenon::expm1},
      {"sin", tenon::sin},
      {"cos", tenon::cos},
      {"erf", tenon::erf},
      {"relu6", tenon::nn::relu6},
      {"elu", tenon::nn::elu},
      {"selu", tenon::nn::selu},
      {"softplus", tenon::nn::softplus},
      {"softsign", tenon::nn::softsign},
      {"logical_not", tenon::logical_not},
      {"rank", tenon::rank},
      {"l2_loss", tenon::nn::l2_loss},
  };
  return ops;
}

const BinaryTable& binary_ops() {
  static const BinaryTable ops = {
      {"add", tenon::add},
      {"subtract", tenon::subtract},
      {"multiply", tenon::multiply},
      {"divide", tenon::divide},
      {"floordiv", tenon::floordiv},
      {"mod", tenon::floormod},
      {"pow", tenon::pow},
      {"squared_difference", tenon::squared_difference},
      {"maximum", tenon::maximum},
      {"minimum", tenon::minimum},
      {"equal", tenon::equal},
      {"not_equal", tenon::not_equal},
      {"greater", tenon::greater},
      {"greater_equal", tenon::greater_equal},
      {"less", tenon::less},
      {"less_equal", tenon::less_equal},
      {"logical_and", tenon::logical_and},
      {"logical_or", tenon::logical_or},
      {"logical_xor", tenon::logical_xor},
  };
  return ops;
}

const OpTable& math_ops() {
  static const OpTable ops = {
      {"+", plus},
      {"-", minus},
      {"*", times},
      {"/", over},
      {"unary -", unary_minus},
      {"%", remainder},
      {"<", below},
      {"<=", at_most},
      {">", above},
      {">=", at_least},
      {"&", both},
      {"|", either},
      {"^", one_of},
      {"~", inverted},
      {"//", floor_quotient},
      {"**", power},
      {"@", at},
      {"matmul", matmul},
      {"reduce_sum", reduction<tenon::reduce_sum>},
      {"reduce_mean", reduction<tenon::reduce_mean>},
      {"reduce_max", reduction<tenon::reduce_max>},
      {"reduce_min", reduction<tenon::reduce_min>},
      {"reduce_prod", reduction<tenon::reduce_prod>},
      {"reduce_any", reduction<tenon::reduce_any>},
      {"reduce_all", reduction<tenon::reduce_all>},
      {"argmax", arg_extreme<tenon::argmax>},
      {"argmin", arg_extreme<tenon::argmin>},
      {"cumsum", cumsum},
      {"cast", cast},
      {"add_n", add_n},
      {"clip_by_value", clip_by_value},
      {"clip_by_norm", clip_by_norm},
      {"clip_by_average_norm", clip_by_average_norm},
      {"global_norm", global_norm},
      {"clip_by_global_norm", clip_by_global_norm},
  };
  return ops;
}

}  // namespace replay
