#include "core/graph/signature.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>
#include <utility>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/size_rules.h"
#include "core/graph/static_value.h"
#include "core/tensor/buffer.h"
#include "core/tensor/element_types.h"

namespace tenon::internal {
namespace {

// A literal's element as a number of any kind.
struct Number {
  bool is_float;
  double number;
  int64_t integer;
  bool is_uint64 = false;  // whether the integer is the bits of one

  template <typename T>
  T as() const {
    if (is_float) return static_cast<T>(number);
    return is_uint64 ? static_cast<T>(static_cast<uint64_t>(integer)) : static_cast<T>(integer);
  }
  template <typename T>
  bool fits() const {
    if (is_float) return false;
    return is_uint64 ? std::in_range<T>(static_cast<uint64_t>(integer)) : std::in_range<T>(integer);
  }
};

// Of a tensor of numbers.
Number number_at(const Tensor& value, int64_t i) {
  return with_element_type(value.dtype(), [&]<typename T>(const T&) -> Number {
    const T* elements = static_cast<const T*>(value.raw());
    if constexpr (std::is_same_v<T, std::string>) {
      return {};
    } else if constexpr (std::is_integral_v<T>) {
      return {false, 0, static_cast<int64_t>(elements[i]), std::is_same_v<T, uint64_t>};
    } else {
      using Real = std::conditional_t<std::is_same_v<T, double>, double, float>;
      return {true, static_cast<Real>(elements[i]), 0};
    }
  });
}

// As elements of a type of numbers; empty where it can't hold one of them.
template <typename T>
Tensor converted(const Tensor& value, DType dtype) {
  Tensor result = uninitialized_tensor(dtype, value.shape());
  T* to = static_cast<T*>(result.raw());
  for (int64_t i = 0; i < value.element_count(); ++i) {
    const Number from = number_at(value, i);
    if constexpr (std::is_integral_v<T>) {
      if (!from.fits<T>()) return {};
    }
    // Floating dtypes of 16 bits are made of float32.
    using Real = std::conditional_t<std::is_arithmetic_v<T>, T, float>;
    to[i] = T(from.as<Real>());
  }
  return result;
}

constexpr size_t kMostOutputs = size_t{1} << 20;  // that a file may ask for

// Everything about one node while its types are worked out.
class Resolver {
 public:
  Resolver(NodeArguments& arguments, const RegisteredOp& def, Node& node)
      : arguments_(arguments), def_(def), node_(node) {
    node.def = &def;
    node.attrs = std::move(arguments.attrs);
  }

  std::vector<PendingConstant> run() {
    require<ValueError>(arguments_.input_counts.size() == def_.input_args.size(),
                        ErrorKind::bad_argument, def_.name, " takes ", def_.input_args.size(),
                        " inputs, not ", arguments_.input_counts.size());
    require<ValueError>(counts_fit(), ErrorKind::bad_argument, def_.name, " was given ",
                        arguments_.inputs.size(), " inputs, but its attributes say otherwise");
    node_.inputs.reserve(arguments_.inputs.size());
    seen_.reserve(arguments_.inputs.size());
    for_each_argument(
        [this](const ArgDef& arg, Inputs inputs) { take_types_of_tensors(arg, inputs); });
    for_each_argument(
        [this](const ArgDef& arg, Inputs inputs) { take_types_of_literals(arg, inputs); });
    for (const auto& [name, value] : def_.defaults) {
      if (!node_.attrs.has(name)) node_.attrs.set(name, value);
    }
    check_allowed_types();
    for_each_argument([this](const ArgDef& arg, Inputs inputs) { add_inputs(arg, inputs); });
    set_outputs();
    return std::move(constants_);
  }

 private:
  using Inputs = std::span<NodeInput>;

  // Whether the lists of inputs are all inputs: files may say any lengths.
  bool counts_fit() const {
    size_t left = arguments_.inputs.size();
    for (const size_t count : arguments_.input_counts) {
      if (count > left) return false;
      left -= count;
    }
    return left == 0;
  }

  // Calls action(argument, its inputs) for each argument of the signature.
  template <typename Action>
  void for_each_argument(const Action& action) {
    Inputs rest(arguments_.inputs.data(), arguments_.inputs.size());
    for (size_t i = 0; i < def_.input_args.size(); ++i) {
      const size_t count = arguments_.input_counts[i];
      action(def_.input_args[i], rest.first(count));
      rest = rest.subspan(count);
    }
  }

  static DType dtype_of_input(const NodeInput& input) {
    if (input.literal) return input.literal.dtype();
    return input.endpoint.node->output_dtypes[static_cast<size_t>(input.endpoint.index)];
  }

  std::string described(const NodeInput& input) const {
    if (input.literal) return "a literal";
    return str("'", input.endpoint.node->name, ":", input.endpoint.index, "'");
  }

  // The dtype that an item of an argument must have, as far as it is known.
  DType wanted(const ArgDef& arg, size_t item = 0) const {
    if (arg.type_attr.empty()) return arg.dtype;
    if (arg.lists_types) {
      return node_.attrs.get<std::vector<DType>>(arg.type_attr)[item];
    }
    return node_.attrs.get_or<DType>(arg.type_attr, DType::invalid);
  }

  void take_types_of_tensors(const ArgDef& arg, Inputs inputs) {
    if (arg.lists_types) return list_types(arg, inputs);
    if (!arg.number_attr.empty()) {
      node_.attrs.set(arg.number_attr, static_cast<int64_t>(inputs.size()));
    }
    for (const NodeInput& input : inputs) {
      if (!input.weak) check_or_set(arg, input);
    }
  }

  // Each of its inputs has the dtype that it brings.
  void list_types(const ArgDef& arg, Inputs inputs) {
    std::vector<DType> dtypes;
    for (const NodeInput& input : inputs) {
      dtypes.push_back(input.weak ? natural_dtype(input.literal) : dtype_of_input(input));
    }
    node_.attrs.set(arg.type_attr, std::move(dtypes));
  }

  void check_or_set(const ArgDef& arg, const NodeInput& input) {
    const DType have = dtype_of_input(input), want = wanted(arg);
    if (want == DType::invalid && !arg.type_attr.empty()) {
      node_.attrs.set(arg.type_attr, have);
    } else if (have != want) {
      fail<TypeError>(ErrorKind::dtype_incompatible, "Input '", arg.name, "' of '", def_.name,
                      "' Op has type ", have, " (", described(input),
                      ") that does not match expected type of ", want);
    }
    if (arg.is_ref) {
      require<TypeError>(
          !input.literal &&
              input.endpoint.node->output_refs[static_cast<size_t>(input.endpoint.index)],
          ErrorKind::dtype_incompatible, "Input '", arg.name, "' of '", def_.name,
          "' Op requires a variable, not ", described(input));
    }
  }

  // A type attribute that neither the program nor a tensor has settled takes the dtype that its
  // literals have on their own.
  void take_types_of_literals(const ArgDef& arg, Inputs inputs) {
    if (arg.type_attr.empty() || inputs.empty() || node_.attrs.has(arg.type_attr)) return;
    DType dtype = DType::invalid;
    for_each_argument([&](const ArgDef& other, Inputs literals) {
      if (other.type_attr != arg.type_attr) return;
      for (const NodeInput& input : literals) {
        const DType natural = natural_dtype(input.literal);
        const bool wider = dtype == DType::int32 && natural == DType::int64;
        if (dtype == DType::invalid || is_floating(natural) || wider) dtype = natural;
      }
    });
    node_.attrs.set(arg.type_attr, dtype);
  }

  void check_allowed_types() {
    for (const auto& [attr, allowed] : def_.types) {
      if (!node_.attrs.has(attr)) continue;
      const auto have = node_.attrs.get<DType>(attr);
      if (std::find(allowed.begin(), allowed.end(), have) != allowed.end()) continue;
      fail<TypeError>(ErrorKind::dtype_incompatible, "Value passed to parameter '", attr, "' of '",
                      def_.name, "' has DataType ", have,
                      " not in list of allowed values: ", join(allowed));
    }
  }

  void add_inputs(const ArgDef& arg, Inputs inputs) {
    for (size_t j = 0; j < inputs.size(); ++j) {
      NodeInput& input = inputs[j];
      const DType want = wanted(arg, j);
      const size_t position = node_.inputs.size();
      node_.inputs.push_back(input.endpoint);
      if (!input.literal) {
        seen_.push_back({input.endpoint, {}});
        continue;
      }
      Tensor value = input.literal.dtype() == want ? input.literal.clone()
                     : input.weak                  ? convert_literal(input.literal, want)
                                                   : Tensor();
      require<TypeError>(static_cast<bool>(value), ErrorKind::dtype_incompatible, "Expected ", want,
                         " passed to parameter '", arg.name, "' of op '", def_.name, "', got ",
                         input.literal, " of type '", natural_dtype(input.literal), "' instead");
      seen_.push_back({{}, value});
      const std::string suffix = arg.is_list() ? "_" + std::to_string(j) : "";
      constants_.push_back({position, arg.name + suffix, std::move(value)});
    }
  }

  void set_outputs() {
    for (const ArgDef& arg : def_.output_args) {
      const size_t count = arg.count(node_.attrs);
      require<ValueError>(count <= kMostOutputs, ErrorKind::bad_argument, "Output '", arg.name,
                          "' of ", def_.name, " can't be a list of ", static_cast<int64_t>(count),
                          " tensors");
      node_.output_refs.append(count, arg.is_ref);
      for (size_t i = 0; i < count; ++i) {
        const DType dtype = wanted(arg, i);
        require<ValueError>(dtype != DType::invalid, ErrorKind::bad_argument, "Operation ",
                            def_.name, " needs the attribute ", arg.type_attr);
        node_.output_dtypes.push_back(dtype);
      }
    }
    const StaticShapeContext context(node_.attrs, std::move(seen_));
    node_.output_shapes = def_.shape == nullptr
                              ? Shapes(node_.output_dtypes.size(), Shape::unknown())
                              : def_.shape(context);
    require<ValueError>(node_.output_shapes.size() == node_.output_dtypes.size(),
                        ErrorKind::bad_argument, "The shape function of ", def_.name,
                        " answers for ", node_.output_shapes.size(), " outputs, not ",
                        node_.output_dtypes.size());
    if (arguments_.shape) {
      node_.output_shapes[0] = node_.output_shapes[0].merged_with(*arguments_.shape);
    }
    for (const Shape& shape : node_.output_shapes) check_sizes(shape);
  }

  NodeArguments& arguments_;
  const RegisteredOp& def_;
  Node& node_;
  std::vector<PendingConstant> constants_;
  StaticInputs seen_;
};

// " for 'model/MatMul' (op: 'MatMul') made at model.cc:12"
std::string whose(const NodeArguments& arguments, const Shapes& shapes) {
  std::string_view name = arguments.name.empty() ? arguments.type : arguments.name;
  if (name.ends_with('/')) name.remove_suffix(1);  // a scope's, which the operation is to have
  std::string text = str(" for '", name, "' (op: '", arguments.type, "')");
  if (!shapes.empty()) text += str(" with input shapes: ", join(shapes));
  if (arguments.where.line != 0) text += str(", made at ", arguments.where);
  return text;
}

Shapes shapes_of(const NodeArguments& arguments) {
  Shapes shapes;
  for (const NodeInput& input : arguments.inputs) {
    shapes.push_back(
        input.literal
            ? input.literal.shape()
            : input.endpoint.node->output_shapes[static_cast<size_t>(input.endpoint.index)]);
  }
  return shapes;
}

}  // namespace

DType natural_dtype(const Tensor& value) {
  if (is_floating(value.dtype())) return DType::float32;
  if (!is_integer(value.dtype())) return value.dtype();
  if (convert_literal(value, DType::int32)) return DType::int32;
  return convert_literal(value, DType::int64) ? DType::int64 : DType::uint64;
}

Tensor convert_literal(const Tensor& value, DType dtype) {
  if (value.dtype() == dtype) return value;
  const auto is_number = [](DType type) { return is_floating(type) || is_integer(type); };
  if (!is_number(value.dtype()) || !is_number(dtype)) return {};
  return with_element_type(dtype, [&]<typename T>(const T&) -> Tensor {
    if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, bool>) {
      return {};
    } else {
      return converted<T>(value, dtype);
    }
  });
}

std::vector<PendingConstant> resolve_signature(NodeArguments& arguments, Node& node) {
  const RegisteredOp* def = OpRegistry::global().find(arguments.type);
  require<NotFoundError>(def != nullptr, ErrorKind::bad_argument, "Op type not registered '",
                         arguments.type, "'");
  try {
    const NoCallerLine told_with_the_operation;
    return Resolver(arguments, *def, node).run();
  } catch (ValueError& error) {
    error.add_context(whose(arguments, shapes_of(arguments)));
    throw;
  } catch (Error& error) {
    error.add_context(whose(arguments, {}));
    throw;
  }
}

}  // namespace tenon::internal
