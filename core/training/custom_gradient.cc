// An IdentityN of what a function gives, takes and uses, whose gradient is the program's: it hands
// nothing to what the function gives, and so nothing through its operations.
#include "tenon/custom_gradient.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <unordered_set>
#include <utility>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/builder.h"
#include "core/graph/gradient_overrides.h"
#include "core/graph/graph_state.h"
#include "tenon/array_ops.h"
#include "tenon/collections.h"

namespace tenon {
namespace internal {
namespace {

// What stands on the way from some tensors to others, where gradients flow.
class NodesBetween {
 public:
  NodesBetween(const std::vector<Output>& from, const std::vector<Output>& to) {
    for (const Output& output : from) stops_.push_back({output.op().node(), output.index()});
    for (const Output& output : to) reach({output.op().node(), output.index()});
    while (!open_.empty()) {
      const Node* node = open_.back();
      open_.pop_back();
      for (const Endpoint& input : node->inputs) reach(input);
    }
  }
  bool contains(const Node* node) const { return found_.contains(node); }

 private:
  void reach(const Endpoint& value) {
    if (std::find(stops_.begin(), stops_.end(), value) != stops_.end()) return;
    if (!value.node->def->differentiable && !value.node->def->is_variable) return;
    if (found_.insert(value.node).second) open_.push_back(value.node);
  }

  std::vector<Endpoint> stops_;
  std::unordered_set<const Node*> found_;
  std::vector<const Node*> open_;
};

// The global variables that a function of these inputs uses.
std::vector<Variable> variables_between(const std::vector<Output>& inputs,
                                        const std::vector<Output>& results) {
  const NodesBetween between(inputs, results);
  std::vector<Variable> used;
  for (const Variable& variable : global_variables()) {
    if (between.contains(variable.op().node())) used.push_back(variable);
  }
  std::sort(used.begin(), used.end(),
            [](const Variable& a, const Variable& b) { return a.name() < b.name(); });
  return used;
}

std::string names_of(const std::vector<Variable>& variables) {
  std::vector<std::string> names;
  for (const Variable& variable : variables) names.push_back(variable.name());
  return join(names);
}

void check_answer(const CustomGradient& answer, const std::vector<Variable>& variables) {
  require<ValueError>(!answer.results.empty(), ErrorKind::bad_argument,
                      "The function must give a result");
  require<ValueError>(answer.gradient || answer.gradient_by_variables, ErrorKind::bad_argument,
                      "The function must give a gradient");
  require<TypeError>(
      variables.empty() || answer.gradient_by_variables, ErrorKind::bad_argument,
      "The function uses variables, and so must give gradient_by_variables: ", names_of(variables));
}

// The gradients of all that the IdentityN takes: of the results, the inputs, the variables.
Outputs gradients_of(const CustomGradient& answer, size_t inputs,
                     const std::vector<Variable>& variables, const Outputs& dy) {
  const Outputs of_results(dy.begin(), dy.begin() + static_cast<int64_t>(answer.results.size()));
  GradientsByVariables found;
  if (answer.gradient_by_variables) {
    found = answer.gradient_by_variables(of_results, variables);
  } else {
    found.inputs = answer.gradient(of_results);
  }
  require<ValueError>(found.inputs.size() == inputs, ErrorKind::bad_argument,
                      "The gradient of a custom_gradient gave ", found.inputs.size(),
                      " gradients for ", inputs, " inputs");
  require<ValueError>(found.variables.size() == variables.size(), ErrorKind::bad_argument,
                      "Must return gradient for each variable from custom_gradient: ",
                      found.variables.size(), " for ", names_of(variables));
  Outputs all(answer.results.size());
  all.insert(all.end(), found.inputs.begin(), found.inputs.end());
  all.insert(all.end(), found.variables.begin(), found.variables.end());
  return all;
}

}  // namespace
}  // namespace internal

std::vector<Output> custom_gradient(
    const std::function<CustomGradient(const std::vector<Output>& inputs)>& function,
    const Inputs& inputs, Location where) {
  const internal::CallerLine line(where);
  const Graph graph = internal::graph_of(inputs.items());
  const ScopeGuard as_default = graph.as_default();
  const std::lock_guard lock(graph.state()->mutex);
  const internal::GraphState::Trial trial(*graph.state());
  const std::vector<Output> taken = internal::as_outputs(inputs);
  CustomGradient answer;
  {
    const internal::ProgramRuns own_lines;
    answer = function(taken);
  }
  const std::vector<Variable> variables = internal::variables_between(taken, answer.results);
  internal::check_answer(answer, variables);
  std::vector<Input> all;
  for (const Output& result : answer.results) all.emplace_back(result, Location{});
  for (const Output& input : taken) all.emplace_back(input, Location{});
  for (const Variable& variable : variables) all.emplace_back(variable, where);
  const size_t count = answer.results.size();
  std::vector<Output> results = identity_n(all);
  internal::set_gradient(results[0].op(), [=](const Operation&, const std::vector<Output>& dy) {
    return internal::gradients_of(answer, taken.size(), variables, dy);
  });
  results.resize(count);
  return results;
}

}  // namespace tenon
