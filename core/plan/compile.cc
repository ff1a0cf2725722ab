// Compile: runs the passes over a request.
#include <cstdlib>
#include <iostream>

#include "core/base/strings.h"
#include "core/plan/passes.h"
#include "core/plan/plan.h"

namespace tenon::internal {
namespace {

// "loss:0, train/Adam and 2 more"
std::string name_of(const PlanRequest& request) {
  constexpr size_t kMostNames = 3;
  std::vector<std::string> names;
  for (const Endpoint& fetch : request.fetches) {
    names.push_back(str(fetch.node->name, ":", fetch.index));
  }
  for (const Node* target : request.targets) names.push_back(target->name);
  const size_t more = names.size() > kMostNames ? names.size() - kMostNames : 0;
  names.resize(names.size() - more);
  return join(names) + (more > 0 ? str(" and ", more, " more") : "");
}

}  // namespace

std::shared_ptr<Plan> compile(const std::shared_ptr<const GraphState>& graph,
                              const PlanRequest& request, const PlanEnvironment& environment) {
  auto plan = std::make_shared<Plan>();
  plan->graph = graph;
  plan->name = name_of(request);
  PlanGraph working;
  PassContext context{*graph, request, environment, *plan};
  // For whoever works on passes: TENON_DUMP_PLAN=fuse,order shows the graph behind each of these.
  const char* dumped = std::getenv("TENON_DUMP_PLAN");
  run_passes(working, context, dumped == nullptr ? "" : dumped,
             [&](const Pass& pass, const std::string& text) {
               std::cerr << str(plan->name, " behind ", pass.name, ":\n", text);
             });
  plan->variables = working.variables();
  for (const PlanVariable& variable : plan->variables) {
    plan->variable_shapes.push_back(
        environment.variable_shape(*variable.node).value_or(Shape::unknown()));
  }
  return plan;
}

}  // namespace tenon::internal
