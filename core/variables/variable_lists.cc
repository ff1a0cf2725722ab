// The variables of a graph's collections, and what initialises and reports on them all.
#include <any>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/builder.h"
#include "core/graph/graph_state.h"
#include "core/variables/variable_state.h"
#include "tenon/array_ops.h"
#include "tenon/collections.h"
#include "tenon/math_ops.h"
#include "tenon/variable.h"

namespace tenon {

using internal::require;

namespace {

std::vector<Variable> list(std::string_view key, std::string_view scope) {
  return scope.empty() ? get_collection<Variable>(key) : get_collection<Variable>(key, scope);
}

// What reports on all variables reports on: the global and local ones.
std::vector<Variable> all_variables() {
  std::vector<Variable> variables = global_variables();
  const std::vector<Variable> local = local_variables();
  variables.insert(variables.end(), local.begin(), local.end());
  return variables;
}

// Reference variables that are in no collection: TensorFlow falls back to them.
std::vector<Output> variable_nodes() {
  std::vector<Output> found;
  for (const Operation& op : get_default_graph().operations()) {
    const internal::Node& node = *op.node();
    if (node.def->is_variable && node.output_refs[0]) found.push_back(op.output(0));
  }
  return found;
}

// The initializers of everything in a collection.
Operation initialize_collection(std::string_view key, Location where) {
  std::vector<Variable> variables;
  for (const std::any& item : get_collection<std::any>(key)) {
    const Variable* variable = std::any_cast<Variable>(&item);
    require<ValueError>(variable != nullptr, ErrorKind::not_a_variable, "Collection '", key,
                        "' holds something that is no variable (of type ",
                        internal::readable_type(item.type().name()),
                        "): it has no initializer. Asked for at ", where, ".");
    variables.push_back(*variable);
  }
  return variables_initializer(variables, {.name = "init"}, where);
}

// The names of those handles' operations that `initialized`, one bool each, says false of.
Output names_where_not(const std::vector<Output>& handles, const std::vector<Output>& initialized,
                       Location where) {
  const ScopeGuard on_cpu = device("/cpu:0");
  const auto count = static_cast<int64_t>(handles.size());
  Tensor names(DType::string, {count});
  for (int64_t i = 0; i < count; ++i) {
    names.mutable_data<std::string>()[static_cast<size_t>(i)] =
        handles[static_cast<size_t>(i)].op().name();
  }
  if (handles.empty()) return internal::make_constant(names, "Const", where);
  const Output mask =
      logical_not(stack(std::vector<Input>(initialized.begin(), initialized.end())));
  return boolean_mask(internal::make_constant(names, "Const", where), mask);
}

Output report(const std::vector<Output>& handles, Location where) {
  const internal::CallerLine line(where);
  const NameScope names = name_scope("report_uninitialized_variables");
  std::vector<Output> initialized;
  for (const Output& handle : handles) {
    initialized.push_back(internal::add_output(
        handle.dtype() == DType::resource ? "VarIsInitializedOp" : "IsVariableInitialized",
        {handle}, {.where = where}));
  }
  return names_where_not(handles, initialized, where);
}

std::vector<Output> handles_of(const ListOf<Variable>& variables) {
  std::vector<Output> handles;
  for (const Variable& variable : variables) handles.push_back(variable.handle());
  return handles;
}

// A scalar that is there once all are read, and so fails where one isn't initialised.
Output assert_initialized(const std::vector<Output>& handles) {
  std::vector<Input> ranks;
  for (const Output& handle : handles) {
    const ScopeGuard place = colocate_with(handle.op());
    const bool resource = handle.dtype() == DType::resource;
    const Output read =
        resource ? internal::add_output(
                       "ReadVariableOp", {handle},
                       {.attrs = {{"dtype", handle.op().node()->attrs.get<DType>("dtype")}}})
                 : internal::add_output("Identity", {handle});
    // The rank of the reference, not of the read: as an input of its own, of which only the shape
    // matters, the read would not be run.
    const ScopeGuard after = control_dependencies({read});
    ranks.emplace_back(rank(resource ? read : handle));
  }
  if (ranks.empty()) return {};
  return ranks.size() == 1 ? ranks[0].output() : stack(ranks);
}

}  // namespace

std::vector<Variable> global_variables(std::string_view scope) {
  return list(GraphKeys::GLOBAL_VARIABLES, scope);
}
std::vector<Variable> trainable_variables(std::string_view scope) {
  return list(GraphKeys::TRAINABLE_VARIABLES, scope);
}
std::vector<Variable> local_variables(std::string_view scope) {
  return list(GraphKeys::LOCAL_VARIABLES, scope);
}
std::vector<Variable> model_variables(std::string_view scope) {
  return list(GraphKeys::MODEL_VARIABLES, scope);
}
std::vector<Variable> moving_average_variables(std::string_view scope) {
  return list(GraphKeys::MOVING_AVERAGE_VARIABLES, scope);
}

Operation variables_initializer(const ListOf<Variable>& variables, const OpOptions& options,
                                Location where) {
  const std::string name = options.name.empty() ? "init" : options.name;
  if (variables.empty()) return no_op({.name = name}, where);
  std::vector<ControlInput> initializers;
  for (const Variable& variable : variables) initializers.emplace_back(variable.initializer());
  return group(initializers, {.name = name}, where);
}

Operation global_variables_initializer(Location where) {
  return initialize_collection(GraphKeys::GLOBAL_VARIABLES, where);
}
Operation local_variables_initializer(Location where) {
  return initialize_collection(GraphKeys::LOCAL_VARIABLES, where);
}

Operation tables_initializer(const OpOptions& options, Location where) {
  std::vector<ControlInput> initializers;
  for (const Operation& op : get_collection<Operation>(GraphKeys::TABLE_INITIALIZERS)) {
    initializers.emplace_back(op);
  }
  if (initializers.empty()) return no_op(options, where);
  return group(initializers, options, where);
}

Output report_uninitialized_variables(Location where) {
  const std::vector<Variable> variables = all_variables();
  return report(variables.empty() ? variable_nodes() : handles_of(variables), where);
}
Output report_uninitialized_variables(const ListOf<Variable>& variables, Location where) {
  return report(handles_of(variables), where);
}

Output is_variable_initialized(const Variable& variable, Location where) {
  return variable.is_initialized(where);
}

Output assert_variables_initialized(Location where) {
  const internal::CallerLine line(where);
  const std::vector<Variable> variables = all_variables();
  return assert_initialized(variables.empty() ? variable_nodes() : handles_of(variables));
}
Output assert_variables_initialized(const ListOf<Variable>& variables, Location where) {
  const internal::CallerLine line(where);
  return assert_initialized(variables.empty() ? variable_nodes() : handles_of(variables));
}

}  // namespace tenon
