// Initial values from checkpoints: which tensor each variable takes, then an initializer of its
// own.
#include "tenon/init_from_checkpoint.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/builder.h"
#include "core/graph/graph_state.h"
#include "core/io/tensor_source.h"
#include "core/saver/saved_variables.h"
#include "core/variables/variable_state.h"
#include "core/variables/variable_store.h"
#include "tenon/collections.h"
#include "tenon/variable_scope.h"

namespace tenon::train {

namespace {

using tenon::internal::ByName;
using tenon::internal::GraphState;
using tenon::internal::nearest_names;
using tenon::internal::require;
using tenon::internal::saved_variable;
using tenon::internal::SavedVariable;
using tenon::internal::str;
using tenon::internal::TensorSource;
using tenon::internal::VariableStore;

// The variables that get_variable made under this name: one, or the parts of one, or none.
std::vector<Variable> variables_named(const std::string& name, const ByName<Variable>& store) {
  const auto found = store.find(name);
  if (found != store.end()) return {found->second};
  std::vector<Variable> parts;
  for (;;) {
    const auto part = store.find(str(name, "/part_", parts.size()));
    if (part == store.end()) return parts;
    parts.push_back(part->second);
  }
}

// What is to take values, and from where; gathered and checked before anything is changed.
class Assignments {
 public:
  Assignments(std::string_view path, const ByName<Variable>& store)
      : path_(path), source_(tenon::internal::open_checkpoint(path_)), store_(store) {}

  void add(const Assignment& assignment) {
    std::vector<Variable> variables = assignment.target.variables();
    const std::string& name = assignment.target.name();
    if (variables.empty()) variables = variables_named(name, store_);
    if (variables.empty()) {
      add_scope(assignment.tensor, name);
    } else {
      add(assignment.tensor, "", saved_variable(assignment.tensor, variables));
    }
  }

  void read_and_set(Location where) const;

 private:
  struct Value {
    Variable variable;
    Tensor tensor;
  };

  void add_scope(const std::string& from, const std::string& to);
  void add(const std::string& tensor, const std::string& explained, SavedVariable variable);

  std::string path_;
  std::unique_ptr<TensorSource> source_;
  const ByName<Variable>& store_;
  std::vector<SavedVariable> found_;  // under the tensors' names
};

// For TensorFlow's rule of names: "old/" to "new/" strips the scope and its slash, "/" to "/"
// nothing.
void Assignments::add_scope(const std::string& from, const std::string& to) {
  const size_t slash = to.rfind('/');
  const std::string scope = slash == std::string::npos ? "" : to.substr(0, slash);
  require<ValueError>(from.ends_with('/'), ErrorKind::does_not_exist,
                      "Assignment map with scope only name ", scope, " should map to scope only ",
                      from, ". Should be 'scope/': 'other_scope/'.");
  std::set<std::string> names;
  for (const auto& [name, variable] : store_) {
    if (scope.empty() || name.starts_with(scope + '/')) {
      names.insert(name.substr(0, name.find("/part_")));
    }
  }
  for (const std::string& name : names) {
    const std::string below = name.substr(std::min(scope.size() + 1, name.size()));
    std::string tensor = to == "/" ? name : below;
    if (from != "/") tensor.insert(0, from);
    if (tensor.ends_with('/')) tensor.pop_back();
    add(tensor, str(" (", below, " in ", from, ")"),
        saved_variable(tensor, variables_named(name, store_)));
  }
}

void Assignments::add(const std::string& tensor, const std::string& explained,
                      SavedVariable variable) {
  const StoredVariable* const stored = source_->find(tensor);
  if (stored == nullptr) {
    std::vector<std::string> names;
    for (const StoredVariable& other : source_->variables()) names.push_back(other.name);
    const auto near = tenon::internal::join(nearest_names(tensor, names));
    tenon::internal::fail<ValueError>(ErrorKind::not_in_checkpoint, "Tensor ", tensor, explained,
                                      " is not found in ", path_, " checkpoint",
                                      near.empty() ? "" : "; there is ", near);
  }
  const std::string name = variable.parts.front().variable.name();
  require<ValueError>(variable.shape.compatible_with(stored->shape), ErrorKind::shape_incompatible,
                      "Shape of variable ", name, " (", variable.shape,
                      ") doesn't match with shape of tensor ", tensor, " (", stored->shape,
                      ") from checkpoint reader.");
  require<ValueError>(variable.dtype == stored->dtype, ErrorKind::dtype_incompatible, "Variable ",
                      name, " is of dtype ", variable.dtype, ", tensor ", tensor, " of ",
                      stored->dtype_name);
  found_.push_back(std::move(variable));
}

// Initializers as TensorFlow makes them, but for the value: it reads that in an operation.
void set_initializer(const Variable& variable, const Tensor& value, Location where) {
  using tenon::internal::add_operation;
  tenon::internal::VariableState& state = *variable.state();
  const std::shared_ptr<GraphState> graph = state.graph.lock();
  const bool resource = variable.handle().dtype() == DType::resource;
  Output initial_value;
  {
    const ScopeGuard there = device(variable.handle().op().device());
    const ScopeGuard host = device("/cpu:0");
    initial_value = tenon::internal::make_constant(value, "checkpoint_initializer", where);
  }
  state.initializer =
      resource ? add_operation("AssignVariableOp", {variable.handle(), initial_value},
                               {.attrs = {{"dtype", state.dtype}}, .where = where})
               : add_operation(
                     "Assign", {variable.handle(), initial_value},
                     {.attrs = {{"use_locking", true}, {"validate_shape", state.validate_shape}},
                      .where = where});
  state.initial_value = initial_value;
  graph->operations_saved += resource ? 4 : 3;
}

void Assignments::read_and_set(Location where) const {
  std::vector<Value> values;
  for (const SavedVariable& variable : found_) {
    for (const SavedVariable::Part& part : variable.parts) {
      values.push_back({part.variable, variable.is_whole()
                                           ? source_->read(variable.name)
                                           : source_->read(variable.name, part.slice)});
    }
  }
  for (const Value& value : values) set_initializer(value.variable, value.tensor, where);
}

}  // namespace

void init_from_checkpoint(std::string_view path, const std::vector<Assignment>& assignment_map,
                          Location where) {
  const tenon::internal::CallerLine line(where);
  const std::shared_ptr<GraphState> graph = tenon::internal::default_graph_state();
  const std::lock_guard lock(graph->mutex);
  Assignments assignments(path, graph->extension<VariableStore>().variables());
  std::vector<Assignment> sorted = assignment_map;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Assignment& a, const Assignment& b) { return a.tensor < b.tensor; });
  for (const Assignment& assignment : sorted) assignments.add(assignment);
  assignments.read_and_set(where);
}

std::vector<Variable> WarmStartVariables::variables() const {
  if (variables_) return *variables_;
  if (!scopes_) {
    return get_collection<Variable>(GraphKeys::TRAINABLE_VARIABLES, trainable_);
  }
  std::vector<Variable> all;
  for (const std::string& scope : *scopes_) {
    const auto some = get_collection<Variable>(GraphKeys::GLOBAL_VARIABLES, scope);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

void warm_start(std::string_view path, const WarmStartVariables& vars_to_warm_start,
                const std::map<std::string, std::string>& var_name_to_prev_var_name,
                Location where) {
  const tenon::internal::CallerLine line(where);
  std::vector<Assignment> assignments;
  std::vector<std::string> names;
  for (const SavedVariable& variable :
       tenon::internal::saved_variables(vars_to_warm_start.variables())) {
    const auto previous = var_name_to_prev_var_name.find(variable.name);
    std::vector<Variable> parts;
    for (const auto& part : variable.parts) parts.push_back(part.variable);
    names.push_back(variable.name);
    assignments.push_back(
        {previous == var_name_to_prev_var_name.end() ? variable.name : previous->second,
         std::move(parts)});
  }
  for (const auto& [name, previous] : var_name_to_prev_var_name) {
    require<ValueError>(std::find(names.begin(), names.end(), name) != names.end(),
                        ErrorKind::bad_argument,
                        "You provided the following variables in var_name_to_prev_var_name that ",
                        "were not used: ", name, ".  Perhaps you misspelled them?  Here is the ",
                        "list of viable variable names: ", tenon::internal::join(names));
  }
  init_from_checkpoint(path, assignments, where);
}

}  // namespace tenon::train
