// get_variable below the scopes: custom getters, sharing, and making (variable_scope.py's
// _VariableStore, in its order of checks). Partitioned variables are in partitioned_variables.cc.
#include "core/variables/variable_store.h"

#include <algorithm>
#include <utility>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/nesting.h"
#include "core/base/strings.h"
#include "core/graph/builder.h"
#include "core/graph/graph_state.h"
#include "core/graph/size_rules.h"
#include "core/variables/make_variable.h"
#include "core/variables/reuse_report.h"
#include "core/variables/scope_stack.h"
#include "core/variables/variable_state.h"

namespace tenon {

using internal::fail;
using internal::require;
using internal::ScopeStack;
using internal::ScopeState;

namespace internal {
namespace {

constexpr int kMostGetters = 500;
thread_local int getters_running = 0;

// Counts the custom getters that are inside of one another: one that asks get_variable for its own
// name never ends.
struct GetterRun : Nesting {
  explicit GetterRun(const std::string& name) : Nesting(getters_running) {
    require<RuntimeError>(getters_running <= kMostGetters, ErrorKind::bad_getter,
                          "The custom_getter of variable ", name, " calls itself without end (",
                          kMostGetters, " times so far). Call the getter that it was given, not ",
                          "get_variable.");
  }
};

Initializer default_initializer(const std::string& name, DType dtype) {
  if (is_floating(dtype)) return glorot_uniform_initializer();
  require<ValueError>(dtype != DType::invalid && dtype != DType::resource,
                      ErrorKind::bad_initializer, "An initializer for variable ", name, " of ",
                      dtype, " is required");
  return zeros_initializer();
}

// Fills in what the scope says (VariableScope.get_variable).
GetVariableOptions with_defaults(const GetVariableOptions& options, const ScopeState& scope) {
  GetVariableOptions full = options;
  if (!full.regularizer) full.regularizer = scope.regularizer;
  if (!full.caching_device) full.caching_device = scope.caching_device;
  if (!full.partitioner) full.partitioner = scope.partitioner;
  if (!full.custom_getter) full.custom_getter = scope.custom_getter;
  if (!full.reuse) full.reuse = scope.reuse;
  if (!full.use_resource) full.use_resource = scope.use_resource;
  if (!full.initializer) full.initializer = scope.initializer;
  if (!full.constraint) full.constraint = scope.constraint;
  if (!full.dtype) full.dtype = scope.dtype;
  return full;
}

// A value and an explicit dtype must agree, also where the variable is shared in the end.
void check_value_dtype(const std::string& name, const GetVariableOptions& options, Location where) {
  if (!options.dtype || !options.initializer.is_value()) return;
  const DType dtype = as_output(options.initializer.value()).dtype();
  require<ValueError>(dtype == *options.dtype, ErrorKind::bad_initializer, "Initializer type '",
                      dtype, "' and explicit dtype '", *options.dtype, "' don't match. Variable ",
                      name, " was asked for at ", where,
                      "; leave the dtype out, or give the value in that dtype.");
}

// Sizes that no tensor has are told before anything is made.
void check_shape(const std::string& name, const Shape& shape, Location where) {
  try {
    check_sizes(shape);
  } catch (Error& error) {
    error.add_context(
        str(". Variable ", name, " was asked for at ", where, " with shape ", shape, "."));
    throw;
  }
}

constexpr int kMostInside = 100;
thread_local int variables_under_way = 0;

// Counts the variables that are inside of one another: an initializer that asks for another
// variable of its scope never ends.
struct VariableUnderWay : Nesting {
  explicit VariableUnderWay(const std::string& name) : Nesting(variables_under_way) {
    require<RuntimeError>(
        variables_under_way <= kMostInside, ErrorKind::bad_argument, "What makes variable ", name,
        " asks for variables without end (", kMostInside,
        " inside of one another so far): an initializer, regularizer, partitioner or caching ",
        "device calls get_variable, whose variable has the same one. Give that variable its own.");
  }
};

}  // namespace

Variable VariableStore::get_variable(const std::string& name, const GetVariableOptions& options,
                                     Location where) {
  if (!options.custom_getter && options.trainable) return true_getter(name, options, where);
  GetVariableOptions full = options;
  full.custom_getter = nullptr;
  if (!full.trainable) {
    full.trainable = full.synchronization != VariableSynchronization::ON_READ;
  }
  if (!options.custom_getter) return true_getter(name, full, where);
  const GetterRun run(name);
  const Getter getter = [this, where](std::string_view wanted,
                                      const GetVariableOptions& arguments) {
    return true_getter(std::string(wanted), arguments, where);
  };
  const ProgramRuns own_lines;
  Variable answer = options.custom_getter(getter, name, std::move(full));
  require<ValueError>(static_cast<bool>(answer), ErrorKind::bad_getter,
                      "The custom_getter of variable ", name,
                      " returned no variable. Asked for at ", where, ".");
  return answer;
}

const Variable* VariableStore::find_shared(const std::string& name,
                                           const GetVariableOptions& options,
                                           const ScopeState& scope) const {
  const bool plain = options.reuse.value_or(scope.reuse).is_true() && !options.custom_getter &&
                     !scope.custom_getter && !options.partitioner && !scope.partitioner &&
                     !options.initializer.is_value() && !scope.initializer.is_value() &&
                     partitioned_.empty() && !has_parts_;
  const auto found = plain ? variables_.find(name) : variables_.end();
  if (found == variables_.end()) return nullptr;
  const VariableState& state = *found->second.state();
  const bool fits = options.shape.compatible_with(state.shape) &&
                    !has_negative_size(options.shape) &&
                    options.dtype.value_or(scope.dtype) == state.dtype;
  return fits ? &found->second : nullptr;
}

Variable VariableStore::true_getter(const std::string& name, const GetVariableOptions& options,
                                    Location where) {
  const size_t before = variables_.size();
  Variable variable = find_or_make(name, options, where);
  if (options.reuse && options.reuse->is_auto()) {
    const auto& log = ScopeStack::of(*default_graph_state()).current->reuse_log;
    if (log != nullptr && variables_.size() > before) log->made(variable, where);
    if (log != nullptr && variables_.size() == before) log->found(variable, where);
  }
  return variable;
}

Variable VariableStore::find_or_make(const std::string& name, const GetVariableOptions& options,
                                     Location where) {
  const VariableUnderWay under_way(name);
  const bool is_scalar = options.shape.has_rank() && options.shape.rank() == 0;
  if (options.partitioner && !is_scalar) {
    const Context root = enter_name_scope("").first;
    return get_partitioned(name, options, where);
  }
  const Reuse reuse = options.reuse.value_or(AUTO_REUSE);
  if (reuse.is_true() && !options.partitioner && !partitioned_.empty() &&
      partitioned_.contains(name)) {
    return get_partitioned(name, options, where);
  }
  if (has_parts_) {
    const auto part = variables_.find(name + "/part_0");
    if (part != variables_.end()) {
      fail<ValueError>(ErrorKind::partition_mismatch,
                       "No partitioner was provided, but a partitioned version of the variable was "
                       "found: ",
                       name,
                       "/part_0. Perhaps a variable of the same name was already created with "
                       "partitioning? It was made by get_variable at ",
                       part->second.made_at(), "; asked for as a whole at ", where,
                       ". Give the same partitioner, or share it with {.reuse = true}.");
    }
  }
  return get_single(name, options, nullptr, where);
}

Variable VariableStore::get_single(const std::string& name, const GetVariableOptions& options,
                                   const PartitionInfo* partition_info, Location where) {
  require<ValueError>(!options.initializer.is_value() || options.shape == Shape::unknown(),
                      ErrorKind::constant_with_shape,
                      "If initializer is a constant, do not specify shape. Variable ", name,
                      " was asked for at ", where, " with shape ", options.shape,
                      " and a value that has a shape of its own; constant_initializer(value) fills "
                      "a shape.");
  if (has_negative_size(options.shape)) check_shape(name, options.shape, where);
  const auto found = variables_.find(name);
  if (found != variables_.end()) return share(name, found->second, options, where);
  const Reuse reuse = options.reuse.value_or(AUTO_REUSE);
  if (reuse.is_true()) fail_does_not_exist(name, *this, false, where);
  return create(name, options, partition_info, where);
}

Variable VariableStore::share(const std::string& name, const Variable& found,
                              const GetVariableOptions& options, Location where) const {
  if (options.reuse && !*options.reuse) fail_already_exists(name, found, where);
  const internal::VariableState& state = *found.state();
  if (!options.shape.compatible_with(state.shape)) fail_shape(name, found, options.shape, where);
  const DType dtype = options.dtype.value_or(float32);
  if (dtype != state.dtype) fail_dtype(name, found, dtype, where);
  return found;
}

Variable VariableStore::create(const std::string& name, const GetVariableOptions& options,
                               const PartitionInfo* partition_info, Location where) {
  const bool has_shape = options.shape != Shape::unknown();
  const DType dtype = options.dtype.value_or(float32);
  check_shape(name, options.shape, where);
  Initializer initializer = options.initializer;
  if (!initializer) {
    require<ValueError>(has_shape, ErrorKind::no_shape, "Variable ", name,
                        " did not get an initializer, so its `shape` argument must be specified. "
                        "Asked for at ",
                        where, ".");
    initializer = default_initializer(name, dtype);
  }
  NewVariable arguments{.name = name,
                        .options = {.trainable = options.trainable,
                                    .collections = options.collections,
                                    .validate_shape = options.validate_shape,
                                    .caching_device = options.caching_device,
                                    .use_resource = options.use_resource.value_or(false),
                                    .constraint = options.constraint,
                                    .synchronization = options.synchronization,
                                    .aggregation = options.aggregation},
                        .where = where};
  if (has_shape) arguments.options.shape = options.shape;
  if (initializer.is_value()) {
    arguments.value = initializer.value();
  } else if (has_shape && options.shape.fully_defined()) {
    require<ValueError>(initializer.is_function(), ErrorKind::constant_with_shape,
                        "The initializer of variable ", name,
                        " is a function without arguments, so do not specify shape. Asked for at ",
                        where, " with shape ", options.shape, ".");
    std::optional<PartitionInfo> part;
    if (partition_info != nullptr) part = *partition_info;
    arguments.make = [initializer, dtype, part, shape = options.shape] {
      return initializer.call(shape, dtype, part ? &*part : nullptr);
    };
    arguments.options.dtype = dtype;
    arguments.built_in = initializer.is_built_in();
  } else {
    require<ValueError>(initializer.is_thunk(), ErrorKind::bad_initializer,
                        "The initializer passed is not valid. It should be a callable with no "
                        "arguments and the shape should not be provided or an instance of "
                        "`tf.keras.initializers.*' and `shape` should be fully defined. Variable ",
                        name, " was asked for at ", where, " with shape ", options.shape, ".");
    arguments.make = [initializer] { return initializer.call(); };
  }
  const Variable variable = make_variable(arguments);
  variables_.insert_or_assign(name, variable);  // a creator may have asked for the same
  has_parts_ = has_parts_ || name.ends_with("/part_0");
  if (options.regularizer) regularize(name, variable, options.regularizer);
  return variable;
}

// TensorFlow asks the regularizer once to see whether there is a loss, and again for the loss.
void VariableStore::regularize(const std::string& name, const Variable& variable,
                               const Regularizer& regularizer) {
  const auto asked = [&] {
    const ProgramRuns own_lines;
    return regularizer(variable);
  };
  if (!asked()) return;
  const std::function<Output()> make =
      [name, op = variable.op(), weak = std::weak_ptr(variable.state()), regularizer]() -> Output {
    const Context place = enter_colocate_with(op);
    const Context names = enter_name_scope(name + "/Regularizer/").first;
    const ProgramRuns own_lines;
    return regularizer(Variable(weak.lock()));
  };
  const Output loss = make();
  if (!loss) return;
  lazy_losses_.emplace(loss.op().node(), make);
  add_to_collection(GraphKeys::REGULARIZATION_LOSSES, loss);
}

const std::function<Output()>* VariableStore::lazy_loss(const Output& loss) const {
  const auto found = lazy_losses_.find(loss.op().node());
  return found == lazy_losses_.end() ? nullptr : &found->second;
}

}  // namespace internal

Variable get_variable(std::string_view name, const GetVariableOptions& options, Location where) {
  where = internal::CallerLine::or_else(where);
  const internal::CallerLine line(where);
  const std::shared_ptr<internal::GraphState> graph = internal::default_graph_state();
  const std::lock_guard lock(graph->mutex);
  const std::shared_ptr<ScopeState> scope = ScopeStack::of(*graph).current;
  const std::string full_name =
      scope->name.empty() ? std::string(name) : internal::str(scope->name, "/", name);
  auto& store = graph->extension<internal::VariableStore>();
  if (const Variable* shared = store.find_shared(full_name, options, *scope)) return *shared;
  const Context root = enter_name_scope("").first;
  internal::check_value_dtype(full_name, options, where);
  return store.get_variable(full_name, internal::with_defaults(options, *scope), where);
}

Variable get_local_variable(std::string_view name, const GetVariableOptions& options,
                            Location where) {
  GetVariableOptions local = options;
  std::vector<std::string> keys;
  if (options.collections) keys = *options.collections;
  keys.emplace_back(GraphKeys::LOCAL_VARIABLES);
  local.collections = std::move(keys);
  local.trainable = false;
  return get_variable(name, local, where);
}

}  // namespace tenon
