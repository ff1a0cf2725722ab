#include "core/import/function_calls.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/check.h"
#include "core/base/nesting.h"
#include "core/import/graph_importer.h"
#include "core/io/function_def.h"
#include "tenon/array_ops.h"
#include "tenon/control_flow.h"
#include "tenon/import_graph_def.h"
#include "tenon/math_ops.h"

namespace tenon::internal {

namespace {

constexpr int kDeepest = 50;  // functions in one another

// The attributes that name functions, and how they are called.
enum class CallKind : uint8_t { kPlain, kIf, kWhile };
struct CallType {
  std::string_view type;
  CallKind kind;
  std::vector<std::string_view> functions;
  size_t inputs = 0;  // at the least
};

const CallType* call_type(std::string_view type) {
  static const std::array<CallType, 6> types = {{
      {"PartitionedCall", CallKind::kPlain, {"f"}},
      {"StatefulPartitionedCall", CallKind::kPlain, {"f"}},
      {"If", CallKind::kIf, {"then_branch", "else_branch"}, 1},
      {"StatelessIf", CallKind::kIf, {"then_branch", "else_branch"}, 1},
      {"While", CallKind::kWhile, {"cond", "body"}},
      {"StatelessWhile", CallKind::kWhile, {"cond", "body"}},
  }};
  const auto at = std::find_if(types.begin(), types.end(),
                               [&](const CallType& one) { return one.type == type; });
  return at == types.end() ? nullptr : at;
}

thread_local int functions_under_way = 0;

// Counts functions that are imported in one another.
class InFunction {
 public:
  explicit InFunction(const NodeDef& node) : nesting_(functions_under_way) {
    require<ValueError>(functions_under_way <= kDeepest, ErrorKind::bad_argument, "Node '",
                        node.name, "' calls a function that calls itself");
  }

 private:
  Nesting nesting_;
};

std::string_view function_name(const FunctionCall& call, size_t number) {
  const std::string_view* attr = find_attr(call.node, call_type(call.node.op)->functions[number]);
  return attr == nullptr ? std::string_view() : decode_function_attr(*attr);
}

// A function with what it is called with.
class FunctionImport {
 public:
  // `inputs`: null to look at it alone.
  FunctionImport(const FunctionCall& call, size_t number, const std::vector<Output>* inputs,
                 std::string name)
      : call_(call),
        called_(function_name(call, number)),
        function_(*call.functions.find(called_)),
        inputs_(inputs) {
    require<ValueError>(inputs == nullptr || function_.arguments.size() <= inputs->size(),
                        ErrorKind::bad_argument, "Node '", call.node.name, "' calls a function of ",
                        function_.arguments.size(), " arguments with ",
                        inputs == nullptr ? 0 : inputs->size());
    options_ = {.name = std::move(name), .strict = false, .clear_devices = call.clear_devices};
    for (size_t i = 0; i < function_.arguments.size(); ++i) {
      const std::string& argument = function_.arguments[i];
      if (!function_.used.contains(argument)) continue;
      options_.input_map[argument] = inputs == nullptr ? Output() : (*inputs)[i];
    }
    for (const std::string& returned : function_.returns) {
      if (function_.argument(returned) < 0) options_.return_elements.push_back(returned);
    }
    for (const std::string& target : function_.targets) {
      options_.return_elements.push_back(target);
    }
    importer_.emplace(function_.graph, call.bytes, options_, &call.functions);
  }

  void check(Unsupported& unsupported) const { importer_->gather_unsupported(unsupported); }

  // Its results, of which so many are needed; they wait for what runs besides.
  std::vector<Output> add(size_t needed = 0) {
    require<ValueError>(function_.returns.size() >= needed, ErrorKind::bad_argument, "Node '",
                        call_.node.name, "' needs ", needed, " results of a function that has ",
                        function_.returns.size());
    call_.functions.count_call(called_);
    const ImportedElements made = importer_->add_to(default_graph_state());
    require<ValueError>(made.operations.size() == function_.targets.size(), ErrorKind::bad_argument,
                        "Node '", call_.node.name,
                        "' calls a function whose results aren't all tensors");
    const ScopeGuard after = control_dependencies(made.operations);
    std::vector<Output> results;
    size_t next = 0;
    for (const std::string& returned : function_.returns) {
      const int argument = function_.argument(returned);
      Output result =
          argument < 0 ? made.outputs[next++] : (*inputs_)[static_cast<size_t>(argument)];
      const bool waits = !made.operations.empty() && result.dtype() != DType::resource;
      results.push_back(waits ? identity(result) : result);
    }
    return results;
  }

 private:
  const FunctionCall& call_;
  const std::string_view called_;
  const LibraryFunction& function_;
  const std::vector<Output>* const inputs_;
  ImportOptions options_;
  std::optional<GraphImporter> importer_;
};

Returned returned_of(const std::vector<Output>& results) {
  if (results.empty()) return no_op();
  return results;
}

std::vector<Output> add_conditional(const FunctionCall& call, const ExpandedNode& node,
                                    const std::string& name) {
  const std::vector<Output> inputs(node.inputs.begin() + 1, node.inputs.end());
  const auto branch = [&](size_t number, const char* below) -> BranchFunction {
    return [&, number, below] {
      return returned_of(FunctionImport(call, number, &inputs, name + below).add());
    };
  };
  const Output predicate = node.inputs[0];
  return make_cond(predicate.dtype() == DType::bool_ ? predicate : cast(predicate, bool_),
                   branch(0, "/then"), branch(1, "/else"), node.name, Location{});
}

// What the body hands on as it was is no variable of the loop.
std::vector<Output> add_loop(const FunctionCall& call, const ExpandedNode& node,
                             const std::string& name) {
  const LibraryFunction& body = *call.functions.find(function_name(call, 1));
  std::vector<size_t> variables;
  std::vector<Input> initial;
  WhileLoopOptions options{.name = node.name};
  const AttrValue* attr = node.attrs.find("output_shapes");  // TensorFlow's default is none
  const auto* shapes = attr == nullptr ? nullptr : std::get_if<std::vector<Shape>>(attr);
  const bool has_shapes = shapes != nullptr && shapes->size() == node.inputs.size();
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (body.hands_on(i)) continue;
    variables.push_back(i);
    initial.emplace_back(node.inputs[i], Location{});
    options.shape_invariants.push_back(has_shapes ? (*shapes)[i] : node.inputs[i].shape());
  }
  const auto values_of = [&](const std::vector<Output>& given) {
    std::vector<Output> values = node.inputs;
    for (size_t i = 0; i < given.size(); ++i) values[variables[i]] = given[i];
    return values;
  };
  const auto condition = [&](const std::vector<Output>& given) -> Input {
    const std::vector<Output> values = values_of(given);
    return {FunctionImport(call, 0, &values, name + "/cond").add(1)[0], Location{}};
  };
  const auto round = [&](const std::vector<Output>& given) -> Returned {
    const std::vector<Output> values = values_of(given);
    const std::vector<Output> all =
        FunctionImport(call, 1, &values, name + "/body").add(values.size());
    std::vector<Output> next;
    for (const size_t i : variables) next.push_back(all[i]);
    return next;
  };
  const std::vector<Output> last =
      make_while_loop(condition, round, Inputs(initial), options, Location{});
  return values_of(last);
}

}  // namespace

bool is_function_call(std::string_view type) { return call_type(type) != nullptr; }

size_t inputs_of_call(std::string_view type) { return call_type(type)->inputs; }

void check_call(const FunctionCall& call, Unsupported& unsupported) {
  const InFunction nested(call.node);
  const CallType& type = *call_type(call.node.op);
  for (size_t i = 0; i < type.functions.size(); ++i) {
    const std::string_view name = function_name(call, i);
    if (call.functions.find(name) == nullptr) {
      unsupported.add(str("function '", name, "', which the library lacks, of ", call.node.op),
                      call.node.name);
    } else if (call.functions.look_at(name)) {
      FunctionImport(call, i, nullptr, {}).check(unsupported);
    }
  }
}

Expanded add_call(const FunctionCall& call, const ExpandedNode& node) {
  const InFunction nested(call.node);
  const std::string name = node.name.substr(0, node.name.size() - 1);
  const CallType& type = *call_type(call.node.op);
  std::vector<Output> results;
  if (type.kind == CallKind::kIf) {
    results = add_conditional(call, node, name);
  } else if (type.kind == CallKind::kWhile) {
    results = add_loop(call, node, name);
  } else {
    results = FunctionImport(call, 0, &node.inputs, name).add();
  }
  if (results.empty()) return {no_op({.name = node.name}), {}};
  const bool is_named = results[0].dtype() != DType::resource;
  if (is_named) results[0] = identity(results[0], {.name = node.name});
  return {results[0].op(), results};
}

}  // namespace tenon::internal
