// Compile: runs the passes over a request.
#include <algorithm>

#include "core/base/strings.h"
#include "core/plan/plan.h"

namespace tenon::internal {
namespace {

bool is_memory_of_variable(const PlanValue& value, const PlanGraph& plan) {
  if (value.dtype == DType::resource) return true;
  if (value.producer < 0) return false;
  const PlanOp& op = plan.op(value.producer);
  const auto at = std::find_if(op.outputs.begin(), op.outputs.end(),
                               [&](int output) { return &plan.value(output) == &value; });
  return op.node->output_refs[static_cast<size_t>(at - op.outputs.begin())];
}

// Cuts the plan before the first shapes that hang on values of the run: what those values need runs
// now, the rest is planned when they are known.
class Cutter {
 public:
  Cutter(PlanGraph& plan, const PlanRequest& request) : plan_(plan), request_(request) {}

  std::unique_ptr<Plan::Rest> run() {
    mark_needed(plan_, plan_.cut_values, {});
    keep_reads_before_writes();
    auto rest = std::make_unique<Plan::Rest>();
    rest->done = request_.done;
    for (const PlanOp& op : plan_.ops) {
      if (op.runs() && !op.node->def->is_variable) rest->done.push_back(op.node);
    }
    collect_frontier(*rest);
    return rest;
  }

 private:
  // A read that a write of this part would overwrite is made in this part.
  void keep_reads_before_writes() {
    std::vector<int> written;
    for (const PlanOp& op : plan_.ops) {
      if (op.runs()) written.insert(written.end(), op.writes.begin(), op.writes.end());
    }
    std::vector<int> reads;
    for (const PlanOp& op : plan_.ops) {
      if (op.runs() || op.deferred || !op.writes.empty() || op.outputs.size() != 1) continue;
      if (std::any_of(op.reads.begin(), op.reads.end(),
                      [&](int variable) { return contains(written, variable); })) {
        reads.push_back(op.outputs[0]);
      }
    }
    mark_needed(plan_, reads, {});
  }

  // What the rest takes from this part: values that cross the cut.
  void collect_frontier(Plan::Rest& rest) {
    std::vector<int> crossing;
    for (const int value : plan_.cut_values) {
      if (plan_.value(value).producer >= 0) {
        crossing.push_back(value);
      } else {
        rest.known_feeds.push_back(plan_.value(value).feed);
      }
    }
    const auto cross = [&](int value) {
      const PlanValue& of = plan_.value(value);
      if (of.producer < 0 || contains(crossing, value)) return;
      const PlanOp& producer = plan_.op(of.producer);
      if (!producer.runs() || producer.node->def->is_variable) return;
      if (!is_memory_of_variable(of, plan_)) crossing.push_back(value);
    };
    for (const PlanOp& op : plan_.ops) {
      if (op.runs()) continue;
      for (const int input : op.inputs) cross(input);
    }
    for (const int fetch : plan_.fetches) cross(fetch);
    for (const int value : crossing) {
      const PlanOp& producer = plan_.op(plan_.value(value).producer);
      const auto at = std::find(producer.outputs.begin(), producer.outputs.end(), value);
      rest.frontier.push_back(
          {const_cast<Node*>(producer.node), static_cast<int>(at - producer.outputs.begin())});
      rest.decides_shapes.push_back(contains(plan_.cut_values, value));
    }
    plan_.fetches = crossing;
  }

  PlanGraph& plan_;
  const PlanRequest& request_;
};

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
  PlanGraph working = prune(*graph, request);
  specialise(working, environment);
  if (working.cut_values.empty()) {
    mark_needed(working, working.fetches, request.targets);
  } else {
    plan->rest = Cutter(working, request).run();
  }
  simplify(working);
  transfer(working, environment, request.keep_on_device && plan->rest == nullptr);
  fuse(working);
  order(working);
  plan->variables = working.variables;
  for (const PlanVariable& variable : working.variables) {
    plan->variable_shapes.push_back(
        environment.variable_shape(*variable.node).value_or(Shape::unknown()));
  }
  bind(working, environment, *plan);
  return plan;
}

}  // namespace tenon::internal
