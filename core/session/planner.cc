#include "core/session/planner.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "tenon/context.h"

namespace tenon::internal {
namespace {

// Whether this thread plans inside of a run, which has locked the variables.
thread_local bool holds_variables = false;

}  // namespace

void Planner::place_graph() {
  std::lock_guard lock(graph_->mutex);
  growth_.look_at(*graph_);
  placement_.extend();
}

std::vector<PlacedOperation> Planner::placed_operations() {
  std::lock_guard lock(graph_->mutex);
  placement_.extend();
  return placement_.list();
}

std::shared_ptr<Executable> Planner::make_executable(PlanRequest request, std::string key,
                                                     bool variables_held) {
  std::lock_guard lock(graph_->mutex);
  const Context held(
      [before = std::exchange(holds_variables, variables_held)] { holds_variables = before; });
  placement_.extend(request);
  auto executable = std::make_shared<Executable>();
  executable->request = std::move(request);
  executable->key = std::move(key);
  executable->plan = compile(graph_, executable->request, *this);
  bind_variables(*executable);
  for (const Step& step : executable->plan->steps) {
    executable->streams.push_back(step.kernel.random_blocks > 0 ? &streams_.at(*step.node)
                                                                : nullptr);
  }
  return executable;
}

Stages Planner::cut(const RunRequest& asked) {
  PlanRequest request{.fetches = asked.fetches, .targets = asked.targets};
  for (const Endpoint& feed : asked.feeds) request.feeds.push_back({.endpoint = feed});
  std::lock_guard lock(graph_->mutex);
  growth_.look_at(*graph_);
  placement_.extend(request);
  return cut_into_stages(*graph_, request, [this](const Node& node) {
    return devices_.task_of(placement_.device_of(node));
  });
}

void Planner::send_part(const StagePart& part, SentGraph& sent, Message& message) {
  std::lock_guard lock(graph_->mutex);
  const auto device = [this](const Node& node) -> const std::string& {
    return devices_.at(placement_.device_of(node)).name();
  };
  const auto is_there = [&](const Node& node) {
    const int at = placement_.device_of(node);
    return at >= 0 && devices_.task_of(at) == part.task;
  };
  std::vector<const Node*> ops(part.targets.begin(), part.targets.end());
  for (const Endpoint& fetch : part.fetches) ops.push_back(fetch.node);
  for (const Endpoint& feed : part.feeds) {
    if (is_there(*feed.node)) ops.push_back(feed.node);
  }
  sent.add(message, ops, {is_there, device, devices_.host_of(part.task)});
}

int Planner::device_of(const Node& node) const {
  const int device = placement_.device_of(node);
  return devices_.task_of(device) != 0 && is_everywhere(node) ? kHost : device;
}

void Planner::bind_variables(Executable& executable) const {
  const Plan& plan = *executable.plan;
  executable.uses_device = plan.uses_device;
  for (size_t i = 0; i < plan.variables.size(); ++i) {
    const PlanVariable& variable = plan.variables[i];
    const auto declared = variable.node->attrs.get<Shape>("shape");
    executable.variables.push_back({.node = variable.node,
                                    .storage = &storage(*variable.node),
                                    .access = variable.written ? Access::kWrite : Access::kRead,
                                    .must_be_initialized = variable.must_be_initialized,
                                    .has_no_elements = variable.is_reference() &&
                                                       declared.fully_defined() &&
                                                       declared.element_count() == 0,
                                    .dtype = variable.node->attrs.get<DType>("dtype"),
                                    .declared = declared,
                                    .planned = plan.variable_shapes[i]});
    executable.uses_device[static_cast<size_t>(device_of(*variable.node))] = true;
  }
  for (size_t i = 0; i < plan.slots.size(); ++i) {
    const Slot& slot = plan.slots[i];
    if (slot.place != Slot::Place::kVariable) continue;
    executable.variables[static_cast<size_t>(slot.index)].slots.push_back(static_cast<int>(i));
  }
  std::vector<int>& order = executable.locking_order;
  order.resize(plan.variables.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    return std::less<>()(executable.variables[static_cast<size_t>(a)].storage,
                         executable.variables[static_cast<size_t>(b)].storage);
  });
}

VariableStorage& Planner::storage(const Node& variable) const {
  return variables_.at(variable, devices_.at(device_of(variable)));
}

VariableStorage& Planner::storage_of(const Node& variable) {
  std::lock_guard lock(graph_->mutex);
  PlanRequest request;
  request.targets = {const_cast<Node*>(&variable)};
  placement_.extend(request);
  return storage(variable);
}

std::optional<Shape> Planner::variable_shape(const Node& variable) const {
  const auto& declared = variable.attrs.get<Shape>("shape");
  VariableStorage& at = storage(variable);
  if (declared.fully_defined() && !at.reshaped) return declared;
  // Who plans inside of a run has locked the variables that it needs. Others don't wait for runs:
  // the graph is locked, and a run may be about to plan a body.
  if (!holds_variables) return at.released_shape();
  if (!at.initialized()) return std::nullopt;
  return at.value.shape();
}

}  // namespace tenon::internal
