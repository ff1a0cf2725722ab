// The gradient of a conditional.
#include <array>
#include <memory>
#include <vector>

#include "core/ops/cond_builder.h"
#include "core/ops/flow_gradients.h"
#include "core/ops/flow_rules.h"
#include "tenon/gradients.h"

namespace tenon::internal {
namespace {

// The gradients that one branch gives for what the conditional takes.
Outputs gradients_of_branch(GraphState& graph, const Body& branch, const std::vector<Output>& xs,
                            const Outputs& dy) {
  std::vector<Input> ys, grad_ys;
  for (size_t i = 0; i < dy.size(); ++i) {
    const Endpoint& result = branch.results[i];
    if (!dy[i] || result.node == nullptr || !is_differentiable(result)) continue;
    ys.emplace_back(graph.handle(result), Location{});
    grad_ys.emplace_back(dy[i], Location{});
  }
  if (ys.empty() || xs.empty()) return Outputs(xs.size());
  return gradients(ys, xs, {.grad_ys = grad_ys, .stop_gradients = xs});
}

}  // namespace

// A conditional on the same predicate, whose branches give the gradients of the branches.
Outputs if_gradient(const Operation& op, const Outputs& dy) {
  const std::shared_ptr<GraphState> graph = op.state();
  const Flow& flow = *op.node()->flow;
  std::vector<size_t> taken;  // numbers of inputs
  std::vector<Output> xs;
  for (size_t i = 1; i < op.node()->inputs.size(); ++i) {
    if (!takes_gradient(op.node()->inputs[i])) continue;
    taken.push_back(i);
    xs.push_back(op.input(static_cast<int>(i)));
  }
  CondBuilder builder(*graph, op.input(0), op.name());
  std::array<Outputs, 2> found;
  for (size_t i = 0; i < found.size(); ++i) {
    const InBody inside(*graph, &builder.branch(i));
    found[i] = gradients_of_branch(*graph, *flow.bodies[i], xs, dy);
  }
  std::array<std::vector<Output>, 2> results;
  std::vector<size_t> inputs;  // of each result
  for (size_t i = 0; i < xs.size(); ++i) {
    if (!found[0][i] && !found[1][i]) continue;
    inputs.push_back(taken[i]);
    for (size_t branch = 0; branch < found.size(); ++branch) {
      const InBody inside(*graph, &builder.branch(branch));
      results[branch].push_back(found[branch][i] ? found[branch][i] : no_gradient_of(xs[i]));
    }
  }
  Outputs into(op.node()->inputs.size());
  if (inputs.empty()) return into;
  const std::vector<Output> outputs = builder.finish(results);
  for (size_t i = 0; i < inputs.size(); ++i) into[inputs[i]] = outputs[i];
  return into;
}

}  // namespace tenon::internal
