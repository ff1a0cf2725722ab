#include "core/session/session_state.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <random>

#include "core/base/strings.h"
#include "core/plan/place.h"

namespace tenon::internal {
namespace {

// How many of a type SessionOptions::device_count allows, if it says.
std::optional<int> asked_count(const SessionOptions& options, std::string_view type) {
  for (const auto& [name, count] : options.device_count) {
    if (to_upper(name) == type) return count;
  }
  return std::nullopt;
}

int emulated_gpu_count(const SessionOptions& options) {
  int count = options.emulated_gpus;
  if (const char* asked = std::getenv("TENON_EMULATED_GPUS"); count == 0 && asked != nullptr) {
    count = std::max(0, std::atoi(asked));
  }
  return std::min(count, asked_count(options, "GPU").value_or(count));
}

void check(const SessionOptions& options) {
  const auto require_count = [](int64_t count, auto... what) {
    require<InvalidArgumentError>(count >= 0, ErrorKind::bad_argument, "SessionOptions::", what...,
                                  " must not be negative, got ", count);
  };
  require_count(options.threads, "threads");
  require_count(options.emulated_gpus, "emulated_gpus");
  for (const auto& [type, count] : options.device_count) {
    require_count(count, "device_count of ", type);
  }
}

}  // namespace

void VariableStorage::reserve(DType dtype, const Shape& shape) {
  if (value && value.dtype() == dtype && value.shape() == shape) return;
  if (value && dtype != DType::string && value.dtype() == dtype &&
      value.element_count() == shape.element_count()) {
    value = value.reshaped(shape);
    return;
  }
  value = allocate_tensor(*device, dtype, shape);
}

SessionState::SessionState(std::shared_ptr<GraphState> graph, const SessionOptions& options)
    : graph_(std::move(graph)), options_(options), cache_(options.plan_cache_size) {
  check(options);
  open_devices(cpu_backend(), std::max(1, asked_count(options, "CPU").value_or(1)),
               options.cpu_memory_limit);
  open_devices(emulated_gpu_backend(), emulated_gpu_count(options), options.gpu_memory_limit);
}

void SessionState::open_devices(Backend& backend, int count, size_t memory_limit) {
  for (int i = 0; i < count; ++i) {
    const std::string name =
        str("/job:localhost/replica:0/task:0/device:", backend.device_type(), ":", i);
    opened_.push_back(backend.open(std::min(i, backend.device_count() - 1), name,
                                   {.threads = options_.threads, .memory_limit = memory_limit}));
    devices_.push_back(opened_.back().get());
  }
}

SessionState::~SessionState() = default;

void SessionState::close() {
  closed_ = true;
  std::lock_guard lock(mutex_);
  for (auto& [id, variable] : variables_) {
    std::lock_guard exclusive(variable->lock);
    variable->value = Tensor();
  }
  cache_.clear();
}

void SessionState::check_open() const {
  require<RuntimeError>(!closed_, ErrorKind::closed, "Attempted to use a closed Session");
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
  std::vector<VariableStorage*> storages;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, variable] : variables_) storages.push_back(variable.get());
  }
  std::sort(storages.begin(), storages.end(),
            [](const auto* a, const auto* b) { return a->node->id < b->node->id; });
  std::vector<Allocation> allocations;
  for (VariableStorage* storage : storages) {
    std::shared_lock reading(storage->lock);
    if (!storage->initialized()) continue;
    allocations.push_back({.variable = storage->node->name,
                           .device = storage->device->name(),
                           .dtype = storage->value.dtype(),
                           .shape = storage->value.shape(),
                           .bytes = storage->value.bytes()});
  }
  return allocations;
}

VariableStorage& SessionState::storage(const Node& variable) const {
  std::lock_guard lock(mutex_);
  std::unique_ptr<VariableStorage>& slot = variables_[variable.id];
  if (!slot) {
    slot = std::make_unique<VariableStorage>();
    slot->node = &variable;
    slot->device = devices_[static_cast<size_t>(device_of(variable))];
  }
  return *slot;
}

std::optional<Shape> SessionState::variable_shape(const Node& variable) const {
  const Shape& declared = variable.attrs.get<Shape>("shape");
  if (declared.fully_defined()) return declared;
  VariableStorage& of = storage(variable);
  std::shared_lock reading(of.lock);
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

void SessionState::place_graph() {
  place(
      *graph_, devices_,
      {.allow_soft_placement = options_.allow_soft_placement, .log = options_.log_device_placement},
      placement_);
}

std::shared_ptr<PreparedRun> SessionState::prepare_plan(const PlanRequest& request) {
  std::lock_guard lock(graph_->mutex);
  place_graph();
  auto prepared = std::make_shared<PreparedRun>();
  prepared->request = request;
  prepared->plan = compile(graph_, request, *this);
  const Plan& plan = *prepared->plan;
  for (const PlanVariable& variable : plan.variables) {
    prepared->variables.push_back(&storage(*variable.node));
  }
  prepared->locking_order.resize(plan.variables.size());
  std::iota(prepared->locking_order.begin(), prepared->locking_order.end(), 0);
  std::sort(prepared->locking_order.begin(), prepared->locking_order.end(), [&](int a, int b) {
    return plan.variables[static_cast<size_t>(a)].node->id <
           plan.variables[static_cast<size_t>(b)].node->id;
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
