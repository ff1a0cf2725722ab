// Assert and Print, what they show of tensors, and the guards that are made of them.
#include <algorithm>
#include <string>
#include <type_traits>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/builder.h"
#include "core/graph/op_def.h"
#include "core/graph/static_value.h"
#include "core/ops/op_scope.h"
#include "core/tensor/element_types.h"
#include "tenon/array_ops.h"
#include "tenon/check_ops.h"
#include "tenon/math_ops.h"

namespace tenon {
namespace internal {
namespace {

Shapes assert_shape(const ShapeContext& context) {
  const Shape& condition = context.inputs[0];
  require(condition.compatible_with(Shape()), ErrorKind::shape_incompatible,
          "The condition must be a scalar, but has shape ", condition);
  return {};
}

Shapes text_shape(const ShapeContext&) { return {Shape()}; }

Shapes print_shape(const ShapeContext& context) { return {context.inputs[0]}; }

Outputs print_gradient(const Operation& op, const Outputs& dy) {
  Outputs into(static_cast<size_t>(op.input_count()));
  into[0] = dy[0];
  return into;
}

// What is shown of tensors, as strings.
std::vector<Input> texts_of(const Inputs& data, int64_t summarize) {
  std::vector<Input> texts;
  for (const Input& item : data) {
    texts.emplace_back(add_output("_Text", {item}, {.attrs = {{"summarize", summarize}}}),
                       Location{});
  }
  return texts;
}

// How a guard compares two tensors, and what it says.
struct Comparison {
  const char* name;
  const char* sign;
  Output (*compare)(Input, Input, const OpOptions&);
  bool (*holds)(double, double);
};

constexpr Comparison kEqual = {"assert_equal", "==", equal,
                               [](double x, double y) { return x == y; }};
constexpr Comparison kNoneEqual = {"assert_none_equal", "!=", not_equal,
                                   [](double x, double y) { return x != y; }};
constexpr Comparison kLess = {"assert_less", "<", less, [](double x, double y) { return x < y; }};
constexpr Comparison kLessEqual = {"assert_less_equal", "<=", less_equal,
                                   [](double x, double y) { return x <= y; }};
constexpr Comparison kGreater = {"assert_greater", ">", greater,
                                 [](double x, double y) { return x > y; }};
constexpr Comparison kGreaterEqual = {"assert_greater_equal", ">=", greater_equal,
                                      [](double x, double y) { return x >= y; }};

std::vector<double> numbers(const Tensor& tensor) {
  std::vector<double> numbers;
  with_element_type(tensor.dtype(), [&](auto element) {
    using T = decltype(element);
    if constexpr (!std::is_same_v<T, std::string>) {
      const auto* const elements = static_cast<const T*>(tensor.raw());
      for (int64_t i = 0; i < tensor.element_count(); ++i) {
        if constexpr (std::is_arithmetic_v<T>) {
          numbers.push_back(static_cast<double>(elements[i]));
        } else {
          numbers.push_back(static_cast<double>(static_cast<float>(elements[i])));
        }
      }
    }
  });
  return numbers;
}

// Whether known values surely don't compare so.
bool surely_fails(const Comparison& by, const Tensor& x, const Tensor& y) {
  if (!x || !y || x.dtype() == DType::string) return false;
  const std::vector<double> left = numbers(x), right = numbers(y);
  const bool one_shape = x.shape() == y.shape();
  if (!one_shape && left.size() != 1 && right.size() != 1) return false;
  for (size_t i = 0; i < std::max(left.size(), right.size()) && !left.empty() && !right.empty();
       ++i) {
    if (!by.holds(left[left.size() == 1 ? 0 : i], right[right.size() == 1 ? 0 : i])) return true;
  }
  return false;
}

Operation guard(const Comparison& by, const char* name, const Input& left, const Input& right,
                const std::string& said, const GuardOptions& options, const Location& where) {
  const CallerLine line(where);
  const OpScope scope(options.name, name, std::vector<Input>{left, right});
  const Output x = as_output(left, "x");
  const bool takes_dtype = !right.is_output() && right.is_weak();
  const Output y = as_output(right, "y", takes_dtype ? x.dtype() : DType::invalid);
  const bool fails = surely_fails(by, constant_value({x.op().node(), x.index()}),
                                  constant_value({y.op().node(), y.index()}));
  require<InvalidArgumentError>(!fails, ErrorKind::assertion_failed, options.message,
                                options.message.empty() ? "" : " ", said, " x is '", x.name(),
                                "', y is '", y.name(), "'");
  return Assert(reduce_all(by.compare(x, y, {})),
                {options.message.c_str(), said.c_str(), str("x (", x.name(), ") = ").c_str(), x,
                 str("y (", y.name(), ") = ").c_str(), y},
                {.summarize = options.summarize}, where);
}

Operation guard(const Comparison& by, const Input& x, const Input& y, const GuardOptions& options,
                const Location& where) {
  return guard(by, by.name, x, y, str("Condition x ", by.sign, " y did not hold element-wise:"),
               options, where);
}

// Against zero.
Operation guard_sign(const Comparison& by, const char* name, const Input& x,
                     const GuardOptions& options, const Location& where) {
  return guard(by, name, x, 0, str("Condition x ", by.sign, " 0 did not hold element-wise:"),
               options, where);
}

}  // namespace

void register_flow_assert(OpRegistry& ops) {
  ops.add({.name = "Assert",
           .inputs = {"condition: bool", "data: N * string"},
           .shape = assert_shape,
           .differentiable = false,
           .stateful = true});
  ops.add({.name = "_Text",
           .inputs = {"input: T"},
           .outputs = {"output: string"},
           .defaults = {{"summarize", int64_t{3}}},
           .shape = text_shape,
           .differentiable = false});
  ops.add({.name = "Print",
           .inputs = {"input: T", "data: N * string"},
           .outputs = {"output: T"},
           .defaults = {{"first_n", int64_t{-1}}, {"message", std::string()}},
           .shape = print_shape,
           .gradient = print_gradient,
           .stateful = true});
}

}  // namespace internal

using internal::CallerLine;
using internal::require;

Operation Assert(Input condition, const Inputs& data, const AssertOptions& options,
                 Location where) {
  const CallerLine line(where);
  std::vector<Input> all = {condition};
  all.insert(all.end(), data.begin(), data.end());
  require<ValueError>(!data.empty(), ErrorKind::bad_argument,
                      "Assert needs something to show where it fails");
  const internal::OpScope scope(options.name, "Assert", all);
  return internal::add_operation("Assert", {condition, internal::texts_of(data, options.summarize)},
                                 {.where = where});
}

Output Print(Input input, const Inputs& data, const PrintOptions& options, Location where) {
  const CallerLine line(where);
  std::vector<Input> all = {input};
  all.insert(all.end(), data.begin(), data.end());
  const internal::OpScope scope(options.name, "Print", all);
  std::vector<Input> texts = internal::texts_of(data, options.summarize);
  if (texts.empty()) texts.emplace_back("");
  return internal::add_output(
      "Print", {input, texts},
      {.attrs = {{"message", options.message}, {"first_n", options.first_n}}, .where = where});
}

Output with_dependencies(const ControlInputs& dependencies, Input tensor, const OpOptions& options,
                         Location where) {
  const CallerLine line(where);
  const internal::OpScope scope(options.name, "control_dependency", std::vector<Input>{tensor});
  const Output of = internal::as_output(tensor);
  const ScopeGuard there = colocate_with(of.op());
  const ScopeGuard after = control_dependencies(dependencies);
  return identity(of, {.name = scope.name()});
}

Operation assert_equal(Input x, Input y, const GuardOptions& options, Location where) {
  return internal::guard(internal::kEqual, x, y, options, where);
}
Operation assert_none_equal(Input x, Input y, const GuardOptions& options, Location where) {
  return internal::guard(internal::kNoneEqual, x, y, options, where);
}
Operation assert_less(Input x, Input y, const GuardOptions& options, Location where) {
  return internal::guard(internal::kLess, x, y, options, where);
}
Operation assert_less_equal(Input x, Input y, const GuardOptions& options, Location where) {
  return internal::guard(internal::kLessEqual, x, y, options, where);
}
Operation assert_greater(Input x, Input y, const GuardOptions& options, Location where) {
  return internal::guard(internal::kGreater, x, y, options, where);
}
Operation assert_greater_equal(Input x, Input y, const GuardOptions& options, Location where) {
  return internal::guard(internal::kGreaterEqual, x, y, options, where);
}
Operation assert_positive(Input x, const GuardOptions& options, Location where) {
  return internal::guard_sign(internal::kGreater, "assert_positive", x, options, where);
}
Operation assert_negative(Input x, const GuardOptions& options, Location where) {
  return internal::guard_sign(internal::kLess, "assert_negative", x, options, where);
}
Operation assert_non_negative(Input x, const GuardOptions& options, Location where) {
  return internal::guard_sign(internal::kGreaterEqual, "assert_non_negative", x, options, where);
}
Operation assert_non_positive(Input x, const GuardOptions& options, Location where) {
  return internal::guard_sign(internal::kLessEqual, "assert_non_positive", x, options, where);
}

Operation assert_rank(Input x, int wanted, const GuardOptions& options, Location where) {
  const CallerLine line(where);
  const internal::OpScope scope(options.name, "assert_rank", std::vector<Input>{x});
  const Output tensor = internal::as_output(x, "x");
  const Shape shape = tensor.shape();
  require<ValueError>(!shape.has_rank() || shape.rank() == wanted, ErrorKind::shape_incompatible,
                      options.message, options.message.empty() ? "" : " ", "Tensor ", tensor.name(),
                      " must have rank ", wanted, ". Received shape ", shape);
  if (shape.has_rank()) return no_op({.name = "static_checks_determined_all_ok"}, where);
  return Assert(
      equal(rank(tensor), wanted),
      {options.message.c_str(), internal::str("Tensor ", tensor.name(), " must have rank").c_str(),
       wanted, "Received shape: ", tenon::shape(tensor)},
      {.summarize = options.summarize}, where);
}

Operation assert_integer(Input x, const GuardOptions& options, Location where) {
  const CallerLine line(where);
  const internal::OpScope scope(options.name, "assert_integer", std::vector<Input>{x});
  const Output tensor = internal::as_output(x, "x");
  require<TypeError>(is_integer(tensor.dtype()), ErrorKind::dtype_incompatible, options.message,
                     options.message.empty() ? "" : " ", "Expected \"", tensor.name(),
                     "\" to be integer type. Found: ", tensor.dtype());
  return no_op({.name = "statically_determined_was_integer"}, where);
}

}  // namespace tenon
