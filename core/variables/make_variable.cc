// New variables, as RefVariable and ResourceVariable of TensorFlow make them: names, structure and
// order of the nodes are theirs, since programs see the names and seeds follow from the order.
#include "core/variables/make_variable.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/graph/builder.h"
#include "core/graph/container.h"
#include "core/graph/graph_state.h"
#include "core/graph/variable_name.h"
#include "core/variables/scope_stack.h"
#include "core/variables/variable_state.h"
#include "tenon/collections.h"

namespace tenon::internal {
namespace {

using Kind = VariableState::Kind;

// Makes the initial value where TensorFlow makes it: on no device, with the variable, by name
// because the variable doesn't exist yet.
class InitializerScope {
 public:
  explicit InitializerScope(std::shared_ptr<GraphState> graph)
      : graph_(std::move(graph)), first_(graph_->node_count()) {}

  // Whatever was added since is colocated with the variable.
  void colocate(const std::string& variable) const {
    for (int id = first_; id < graph_->node_count(); ++id) {
      Node& node = *graph_->node(id);
      if (node.colocation.empty()) node.colocation.push_back(variable);
    }
  }

 private:
  std::shared_ptr<GraphState> graph_;
  int first_;
};

Output converted(const Input& value, const VariableOptions& options, Location where) {
  const bool is_typed = !value.is_output() && !value.is_weak();
  const Output initial = as_output(is_typed ? Input(value.value(), where) : value, "initial_value",
                                   options.dtype.value_or(DType::invalid));
  require<ValueError>(initial.op().node()->body == nullptr, ErrorKind::inside_control_flow,
                      "The initial value '", initial.name(), "' of the variable made at ", where,
                      " is from inside a conditional or loop, and the variable is initialised ",
                      "outside of it: give a function that makes the value");
  return initial;
}

Output made(const NewVariable& arguments) {
  auto [names, name] = enter_name_scope("Initializer");
  const Context no_device = enter_device(nullptr);
  const auto value = [&] {
    std::optional<ProgramRuns> own_lines;
    if (!arguments.built_in) own_lines.emplace();
    return arguments.make();
  };
  return converted(value(), arguments.options, arguments.where);
}

Shape shape_of(const VariableOptions& options, const Output& initial_value) {
  if (options.shape) return *options.shape;
  return options.validate_shape ? initial_value.shape() : Shape::unknown();
}

std::shared_ptr<VariableState> new_state(const NewVariable& arguments,
                                         const std::shared_ptr<GraphState>& graph) {
  const VariableOptions& options = arguments.options;
  auto state = std::make_shared<VariableState>();
  state->graph = graph;
  state->made_at = arguments.where;
  state->caching_device = options.caching_device;
  state->validate_shape = options.validate_shape;
  state->synchronization = options.synchronization;
  state->aggregation = options.aggregation;
  state->trainable =
      options.trainable.value_or(options.synchronization != VariableSynchronization::ON_READ);
  state->constraint = options.constraint;
  return state;
}

void require_shape(const NewVariable& arguments, const std::string& scope,
                   const Output& initial_value) {
  if (!arguments.options.validate_shape || initial_value.shape().fully_defined()) return;
  fail<ValueError>(ErrorKind::no_shape, "initial_value must have a shape specified: the value '",
                   initial_value.name(), "' of variable ", scope.substr(0, scope.rfind('/')),
                   " has shape ", initial_value.shape(),
                   ". Give a value of known shape, or {.validate_shape = false}. Made at ",
                   arguments.where, ".");
}

void make_reference(const NewVariable& arguments, const std::string& scope,
                    const std::shared_ptr<GraphState>& graph, VariableState& state) {
  const VariableOptions& options = arguments.options;
  const auto add_variable = [&](const Output& initial_value) {
    require_shape(arguments, scope, initial_value);
    state.shape = shape_of(options, initial_value);
    state.dtype = initial_value.dtype();
    state.handle = add_output("VariableV2", {},
                              {.name = scope,
                               .attrs = {{"shape", state.shape},
                                         {"dtype", state.dtype},
                                         {"container", ContainerInForce::of(*graph).name},
                                         {"shared_name", std::string()}},
                               .where = arguments.where});
  };
  if (arguments.make) {
    const InitializerScope initializer(graph);
    state.initial_value = made(arguments);
    add_variable(state.initial_value);
    initializer.colocate(state.handle.op().name());
  } else {
    state.initial_value = converted(*arguments.value, options, arguments.where);
    add_variable(state.initial_value);
  }
  state.name = state.handle.name();
  state.initializer = add_operation(
      "Assign", {state.handle, guard_against_uninitialized(scope, state.initial_value)},
      {.name = "Assign",
       .attrs = {{"use_locking", true}, {"validate_shape", options.validate_shape}},
       .where = arguments.where});
  const Context place = options.caching_device ? enter_caching_device(options.caching_device)
                                               : enter_colocate_with(state.handle.op());
  AddOptions read{.name = "read", .where = arguments.where};
  if (!options.caching_device) read.attrs.set(kNamesVariable, true);
  state.read = add_output("Identity", {state.handle}, std::move(read));
}

void make_resource_nodes(const NewVariable& arguments, const std::string& scope,
                         VariableState& state) {
  const Location where = arguments.where;
  {
    auto [names, name] = enter_name_scope("IsInitialized");
    add_operation("VarIsInitializedOp", {state.handle}, {.where = where});
  }
  const std::string device = state.handle.device();
  {
    auto [names, name] = enter_name_scope("Assign");
    const Context nowhere = enter_no_colocation();
    const Context there = enter_device(device);
    state.initializer = add_operation(
        "AssignVariableOp", {state.handle, guard_against_uninitialized(scope, state.initial_value)},
        {.name = name, .attrs = {{"dtype", state.dtype}}, .where = where});
  }
  auto [names, name] = enter_name_scope("Read");
  {
    const Context there = enter_device(device);
    state.read =
        add_output("ReadVariableOp", {state.handle},
                   {.attrs = {{"dtype", state.dtype}}, .shape = state.shape, .where = where});
  }
  if (state.caching_device) {
    const Context nowhere = enter_no_colocation();
    const Context there = enter_caching_device(state.caching_device);
    state.cached_value = add_output("Identity", {state.read}, {.where = where});
  }
}

void make_resource(const NewVariable& arguments, const std::string& scope,
                   const std::shared_ptr<GraphState>& graph, VariableState& state) {
  const VariableOptions& options = arguments.options;
  const InitializerScope initializer(graph);
  if (arguments.make) {
    state.initial_value = made(arguments);
  } else {
    auto [names, inside] = enter_name_scope("Initializer");
    const Context no_device = enter_device(nullptr);
    state.initial_value = converted(*arguments.value, options, arguments.where);
  }
  const Shape initial_shape = state.initial_value.shape();
  require<ValueError>(!options.shape || initial_shape.compatible_with(*options.shape),
                      ErrorKind::shape_incompatible,
                      "In this `tf.Variable` creation, the initial value's shape (", initial_shape,
                      ") is not compatible with the explicitly supplied `shape` argument (",
                      options.shape.value_or(Shape()), "). Made at ", arguments.where, ".");
  state.shape = options.shape.value_or(initial_shape);
  state.dtype = state.initial_value.dtype();
  state.handle = add_output("VarHandleOp", {},
                            {.name = scope,
                             .attrs = {{"shape", state.shape},
                                       {"dtype", state.dtype},
                                       {"container", ContainerInForce::of(*graph).name},
                                       {"shared_name", scope.substr(0, scope.rfind('/'))}},
                             .where = arguments.where});
  initializer.colocate(state.handle.op().name());
  state.name = state.handle.name();
  make_resource_nodes(arguments, scope, state);
}

void add_to_its_collections(const Variable& variable, const VariableOptions& options) {
  constexpr std::string_view trainable = GraphKeys::TRAINABLE_VARIABLES;
  if (!options.collections) {
    add_to_collection(GraphKeys::GLOBAL_VARIABLES, variable);
    if (variable.trainable()) add_to_collection(trainable, variable);
    return;
  }
  std::vector<std::string> keys = *options.collections;
  if (variable.trainable() && std::find(keys.begin(), keys.end(), trainable) == keys.end()) {
    keys.emplace_back(trainable);
  }
  add_to_collections(keys, variable);
}

}  // namespace

Context enter_no_colocation() {
  const std::shared_ptr<GraphState> graph = default_graph_state();
  GraphContexts& contexts = graph->contexts();
  return Context([graph, devices = std::exchange(contexts.devices, {}),
                  colocations = std::exchange(contexts.colocations, {})]() mutable {
    graph->contexts().devices = std::move(devices);
    graph->contexts().colocations = std::move(colocations);
  });
}

Context enter_caching_device(const CachingDevice& device) {
  return device.function() ? enter_device(device.function()) : enter_device(*device.name());
}

Output read_resource(const Variable& variable, Location where) {
  const VariableState& state = *variable.state();
  Context nowhere, there;
  if (state.caching_device) {
    nowhere = enter_no_colocation();
    there = enter_caching_device(state.caching_device);
  }
  return add_output("ReadVariableOp", {state.handle},
                    {.attrs = {{"dtype", state.dtype}}, .shape = state.shape, .where = where});
}

NewVariable new_variable(const InitialValue& initial_value, const VariableOptions& options,
                         std::string default_name, Location where) {
  NewVariable arguments{.name = options.name,
                        .default_name = std::move(default_name),
                        .options = options,
                        .where = CallerLine::or_else(where)};
  const Initializer& initializer = initial_value.initializer();
  if (initializer.is_value()) arguments.value = initializer.value();
  if (initializer.is_thunk()) arguments.make = [initializer] { return initializer.call(); };
  arguments.built_in = initializer.is_built_in();
  return arguments;
}

Variable make_variable(const NewVariable& arguments) {
  const std::shared_ptr<GraphState> graph = default_graph_state();
  const std::vector<VariableCreator>& creators = ScopeStack::of(*graph).creators;
  if (creators.empty()) return make_variable_itself(arguments);
  return make_with_creators(arguments, std::vector<VariableCreator>(creators));
}

Variable make_variable_itself(const NewVariable& arguments) {
  const CallerLine line(arguments.where);
  const VariableOptions& options = arguments.options;
  const std::string& name = arguments.name.empty() ? arguments.default_name : arguments.name;
  require<ValueError>(
      arguments.make ||
          (arguments.value && (arguments.value->is_output() || arguments.value->value())),
      ErrorKind::no_shape, "initial_value must be specified. Variable ", name, " was asked for at ",
      arguments.where, " without one: a new variable takes its shape and dtype from it.");
  const std::shared_ptr<GraphState> graph = default_graph_state();
  const std::lock_guard lock(graph->mutex);
  const GraphState::Trial trial(*graph);
  const std::optional<bool> use_resource =
      options.use_resource ? options.use_resource : ScopeStack::of(*graph).current->use_resource;
  const auto state = new_state(arguments, graph);
  const Context init_scope = enter_control_dependencies(nullptr);  // all that tf.init_scope changes
  auto [names, scope] = enter_name_scope(name);
  if (use_resource.value_or(false)) {
    state->kind = Kind::resource;
    make_resource(arguments, scope, graph, *state);
  } else {
    make_reference(arguments, scope, graph, *state);
  }
  const Variable variable(state);
  add_to_its_collections(variable, options);
  graph->keep();
  return variable;
}

}  // namespace tenon::internal
