// What get_variable's errors say: TensorFlow's sentence first, since people search for it, then
// where things were made and what to call.
#include <algorithm>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/graph_state.h"
#include "core/variables/scope_stack.h"
#include "core/variables/variable_state.h"
#include "core/variables/variable_store.h"

namespace tenon::internal {
namespace {

constexpr size_t kNamesTold = 3;

std::string scope_told(const ScopeState& scope) {
  return scope.name.empty() ? std::string("the root scope") : "variable scope '" + scope.name + "'";
}

const ScopeState& current_scope() { return *ScopeStack::of(*default_graph_state()).current; }

// " since model.cpp:12 (by variable scope 'a')": who switched reuse on.
std::string since_told(const ScopeState& scope) {
  if (scope.reuse_set_at.line == 0) return "";
  const ScopeState by{.name = scope.reuse_set_by};
  const std::string whom = by.name == scope.name ? "it" : scope_told(by);
  return str(" since ", scope.reuse_set_at, " (by ", whom, ")");
}

// Why an existing variable was to be shared at all.
std::string sharing_told() {
  const ScopeState& scope = current_scope();
  if (!scope.reuse) return "";
  return str(" It would be shared: in ", scope_told(scope), ", ",
             scope.reuse.is_auto() ? "AUTO_REUSE" : "reuse", " is on", since_told(scope), ".");
}

// What has the name in the graph, when that isn't what get_variable shares under it.
std::string namesake_told(const std::string& name, const VariableStore& store) {
  const Node* node = default_graph_state()->find_node(name);
  if (node == nullptr || !node->def->is_variable) return "";
  for (const auto& [known, variable] : store.variables()) {
    if (variable.op().node_unchecked() != node) continue;
    return str(" The variable of that name in the graph was made by get_variable at ",
               node->made_at, " under the name ", known, ": ask for that.");
  }
  return str(" There is a variable of that name, made by tenon::Variable at ", node->made_at,
             ", but get_variable shares only what get_variable made.");
}

// Which names come nearest, "" when none does. Long lists are cut down to names of about that
// length first: the distance to all others is larger.
std::string nearest_told(const std::string& name, const VariableStore& store) {
  std::vector<std::string> names;
  for (const auto& [known, variable] : store.variables()) {
    const size_t difference =
        std::max(known.size(), name.size()) - std::min(known.size(), name.size());
    if (difference <= name.size() / 2 + 1) names.push_back(known);
  }
  std::sort(names.begin(), names.end());
  const std::vector<std::string> nearest = nearest_names(name, names, kNamesTold);
  return nearest.empty() ? "" : " The nearest names that exist are " + join(nearest) + ".";
}

}  // namespace

void fail_already_exists(const std::string& name, const Variable& found, Location where) {
  fail<ValueError>(ErrorKind::already_exists,
                   found.is_partitioned() ? "Partitioned variable with name " : "Variable ", name,
                   " already exists, disallowed. Did you mean to set reuse=True or "
                   "reuse=tf.AUTO_REUSE in VarScope? It was made by get_variable at ",
                   found.made_at(), "; asked for again at ", where, " in ",
                   scope_told(current_scope()),
                   ", where reuse is off. To share it, enter the scope with {.reuse = true} or "
                   "{.reuse = tenon::AUTO_REUSE}; to make another, give it another name or scope.");
}

void fail_does_not_exist(const std::string& name, const VariableStore& store, bool partitioned,
                         Location where) {
  const ScopeState& scope = current_scope();
  fail<ValueError>(
      ErrorKind::does_not_exist, partitioned ? "PartitionedVariable " : "Variable ", name,
      " does not exist, or was not created with tf.get_variable(). Did you mean "
      "to set ",
      partitioned ? "reuse=False or " : "", "reuse=tf.AUTO_REUSE in VarScope? Asked for at ", where,
      " in ", scope_told(scope), ", where reuse is on", since_told(scope), ".",
      namesake_told(name, store), nearest_told(name, store),
      " To make it, leave reuse off the first time, or enter the scope with {.reuse = "
      "tenon::AUTO_REUSE}.");
}

void fail_shape(const std::string& name, const Variable& found, const Shape& wanted,
                Location where) {
  const bool partitioned = found.is_partitioned();
  fail<ValueError>(ErrorKind::shape_mismatch, "Trying to ",
                   partitioned ? "reuse partitioned" : "share", " variable ", name,
                   ", but specified shape ", wanted, " and found shape ", found.shape(),
                   ". It was made by get_variable at ", found.made_at(),
                   "; asked for with the other shape at ", where, ".", sharing_told(),
                   " Ask for its own shape, or leave the shape out; to make another variable, give "
                   "it another name or scope.");
}

void fail_dtype(const std::string& name, const Variable& found, DType wanted, Location where) {
  const bool partitioned = found.is_partitioned();
  fail<ValueError>(ErrorKind::dtype_mismatch, "Trying to ",
                   partitioned ? "reuse partitioned" : "share", " variable ", name,
                   ", but specified dtype ", wanted, " and found dtype ", found.dtype(),
                   ". It was made by get_variable at ", found.made_at(),
                   "; asked for with the other dtype (the scope's, where none is given) at ", where,
                   ".", sharing_told(), " Ask for it with {.dtype = tenon::", found.dtype(), "}.");
}

}  // namespace tenon::internal
