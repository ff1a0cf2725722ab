#include "core/session/session_state.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <random>

#include "core/base/check.h"
#include "core/session/devices.h"
#include "core/transport/in_process.h"

namespace tenon::internal {

SessionState::SessionState(std::shared_ptr<GraphState> graph, const SessionOptions& options)
    : graph_(std::move(graph)), options_(options), cache_(options.plan_cache_size) {
  if (options.target.empty()) {
    opened_ = open_devices(options, "/job:localhost/replica:0/task:0");
    for (const auto& device : opened_) devices_.push_back(device.get());
  } else {
    transport_ =
        connect(options.target, std::chrono::milliseconds(options.operation_timeout_in_ms));
    devices_ = transport_->devices();
  }
  for (const Device* device : devices_) under_way_.push_back(runs_under_way(*device));
}

SessionState::~SessionState() = default;

void SessionState::close() {
  closed_ = true;
  std::lock_guard lock(mutex_);
  for (auto& [id, variable] : variables_) {
    if (transport_) break;  // they are the tasks'
    const VariableAccess access(*variable, Access::kWrite);
    variable->value = Tensor();
  }
  cache_.clear();
}

void SessionState::check_open() const {
  require<RuntimeError>(!closed_, ErrorKind::closed, "Attempted to use a closed Session");
  if (transport_) transport_->check();
}

std::vector<DeviceInfo> SessionState::list_devices() const {
  std::vector<DeviceInfo> infos;
  for (const Device* device : devices_) {
    infos.push_back({.name = device->name(),
                     .device_type = DeviceSpec::from_string(device->name()).device_type.value(),
                     .memory_limit = device->memory_limit(),
                     .description = device->description()});
  }
  return infos;
}

std::vector<Allocation> SessionState::variable_allocations() const {
  std::map<int, std::shared_ptr<VariableStorage>> storages;
  {
    std::lock_guard lock(mutex_);
    storages.insert(variables_.begin(), variables_.end());
  }
  std::vector<Allocation> allocations;
  for (const auto& [id, storage] : storages) {
    const VariableAccess access(*storage, Access::kRead);
    if (!storage->initialized()) continue;
    allocations.push_back({.variable = storage->name(),
                           .device = storage->device().name(),
                           .dtype = storage->value.dtype(),
                           .shape = storage->value.shape(),
                           .bytes = storage->value.bytes()});
  }
  return allocations;
}

VariableStorage& SessionState::storage(const Node& variable) const {
  std::lock_guard lock(mutex_);
  std::shared_ptr<VariableStorage>& slot = variables_[variable.id];
  if (slot) return *slot;
  Device& device = *devices_[static_cast<size_t>(device_of(variable))];
  if (transport_) {
    const std::string shared = variable.attrs.get<std::string>("shared_name");
    slot = transport_->variable({.device = device.name(),
                                 .container = variable.attrs.get<std::string>("container"),
                                 .type = variable.type(),
                                 .name = shared.empty() ? variable.name : shared},
                                device);
  } else {
    slot = std::make_shared<VariableStorage>(variable.name, device);
  }
  return *slot;
}

std::optional<Shape> SessionState::variable_shape(const Node& variable) const {
  const Shape& declared = variable.attrs.get<Shape>("shape");
  if (declared.fully_defined()) return declared;
  VariableStorage& of = storage(variable);
  const VariableAccess access(of, Access::kRead);
  if (!of.initialized()) return std::nullopt;
  return of.value.shape();
}

RandomStream& SessionState::stream(const Node& node) const {
  std::lock_guard lock(mutex_);
  std::unique_ptr<RandomStream>& slot = streams_[node.id];
  if (!slot) {
    slot = std::make_unique<RandomStream>();
    std::random_device entropy;
    slot->seeds = {static_cast<int64_t>(entropy()) + 1, static_cast<int64_t>(entropy())};
  }
  return *slot;
}

std::pair<int64_t, int64_t> SessionState::chosen_seeds(const Node& node) const {
  return stream(node).seeds;
}

// What is placed stays in the graph: places are known by node id.
void SessionState::place_graph() {
  const size_t before = placement_.size();
  place(
      *graph_, devices_,
      {.allow_soft_placement = options_.allow_soft_placement, .log = options_.log_device_placement},
      placement_);
  if (placement_.size() > before) graph_->keep();
}

std::shared_ptr<PreparedRun> SessionState::prepare_plan(const PlanRequest& request) {
  std::lock_guard lock(graph_->mutex);
  place_graph();
  auto prepared = std::make_shared<PreparedRun>();
  prepared->request = request;
  prepared->plan = compile(graph_, request, *this);
  const Plan& plan = *prepared->plan;
  prepared->uses_device = plan.uses_device;
  for (const PlanVariable& variable : plan.variables) {
    prepared->variables.push_back(&storage(*variable.node));
    prepared->uses_device[static_cast<size_t>(device_of(*variable.node))] = true;
  }
  prepared->locking_order.resize(plan.variables.size());
  std::iota(prepared->locking_order.begin(), prepared->locking_order.end(), 0);
  std::sort(prepared->locking_order.begin(), prepared->locking_order.end(), [&](int a, int b) {
    return std::less<>()(prepared->variables[static_cast<size_t>(a)],
                         prepared->variables[static_cast<size_t>(b)]);
  });
  prepared->variable_slots.resize(plan.variables.size());
  for (size_t i = 0; i < plan.slots.size(); ++i) {
    if (plan.slots[i].place != Slot::Place::kVariable) continue;
    prepared->variable_slots[static_cast<size_t>(plan.slots[i].index)].push_back(
        static_cast<int>(i));
  }
  for (const Step& step : plan.steps) {
    prepared->streams.push_back(step.kernel.random_blocks > 0 ? &stream(*step.node) : nullptr);
  }
  std::lock_guard own(mutex_);
  std::erase_if(plans_, [](const std::weak_ptr<Plan>& known) { return known.expired(); });
  plans_.push_back(prepared->plan);
  return prepared;
}

}  // namespace tenon::internal
