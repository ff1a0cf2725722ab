#include "core/session/session_state.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "core/base/parallel.h"
#include "core/base/strings.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {
namespace {

constexpr size_t kMostRests = 64;  // plans kept behind one cut

// The variables of a run, locked: shared by readers, exclusively by writers, in one order for all.
class VariableLocks {
 public:
  explicit VariableLocks(const PreparedRun& prepared) : prepared_(prepared) {
    for (const int index : prepared.locking_order) {
      std::shared_mutex& mutex = prepared.variables[static_cast<size_t>(index)]->lock;
      if (written(index)) {
        mutex.lock();
      } else {
        mutex.lock_shared();
      }
    }
  }
  ~VariableLocks() {
    for (const int index : prepared_.locking_order) {
      std::shared_mutex& mutex = prepared_.variables[static_cast<size_t>(index)]->lock;
      if (written(index)) {
        mutex.unlock();
      } else {
        mutex.unlock_shared();
      }
    }
  }
  VariableLocks(const VariableLocks&) = delete;
  VariableLocks& operator=(const VariableLocks&) = delete;

 private:
  bool written(int index) const {
    return prepared_.plan->variables[static_cast<size_t>(index)].written;
  }
  const PreparedRun& prepared_;
};

// Throws one error that lists all the variables that the run needs and that have no value.
void check_initialized(const PreparedRun& prepared) {
  std::vector<std::string> missing;
  for (size_t i = 0; i < prepared.variables.size(); ++i) {
    const PlanVariable& variable = prepared.plan->variables[i];
    if (variable.must_be_initialized && !prepared.variables[i]->initialized()) {
      missing.push_back(variable.node->name);
    }
  }
  if (missing.empty()) return;
  std::sort(missing.begin(), missing.end());
  fail<FailedPreconditionError>(
      ErrorKind::uninitialized, "Attempting to use uninitialized value ", missing[0],
      ". This run needs ", missing.size(), missing.size() == 1 ? " variable" : " variables",
      " that this session has not initialised: ", join(missing),
      ". Run tenon::global_variables_initializer() or their initializer() first");
}

bool shapes_hold(const PreparedRun& prepared) {
  for (size_t i = 0; i < prepared.variables.size(); ++i) {
    const VariableStorage& storage = *prepared.variables[i];
    const Shape& planned = prepared.plan->variable_shapes[i];
    if (storage.node->attrs.get<Shape>("shape").fully_defined()) continue;
    if (planned != (storage.initialized() ? storage.value.shape() : Shape::unknown())) return false;
  }
  return true;
}

void append_number(std::string& key, int64_t number) {
  key.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

void append_spec(std::string& key, const Tensor& tensor) {
  append_number(key, static_cast<int64_t>(tensor.dtype()));
  append_number(key, tensor.shape().rank());
  for (const int64_t size : tensor.shape().sizes()) append_number(key, size);
}

void append_value(std::string& key, const Tensor& value) {
  append_spec(key, value);
  if (value.dtype() != DType::string) {
    key.append(static_cast<const char*>(value.raw()), value.bytes());
    return;
  }
  for (const std::string& text : value.data<std::string>()) {
    append_number(key, static_cast<int64_t>(text.size()));
    key += text;
  }
}

std::string key_of(const RunRequest& request, std::span<const Tensor> feeds) {
  std::string key;
  const auto append_endpoint = [&](const Endpoint& endpoint) {
    append_number(key, int64_t{endpoint.node->id} << 16 | endpoint.index);
  };
  for (const Endpoint& fetch : request.fetches) append_endpoint(fetch);
  append_number(key, -1);
  for (const Node* target : request.targets) append_number(key, target->id);
  append_number(key, -1);
  for (size_t i = 0; i < feeds.size(); ++i) {
    append_endpoint(request.feeds[i]);
    append_spec(key, feeds[i]);
  }
  return key;
}

}  // namespace

void VariableStorage::reserve(DType dtype, const Shape& shape) {
  if (value && value.dtype() == dtype && value.shape() == shape) return;
  if (value && dtype != DType::string && value.dtype() == dtype &&
      value.element_count() == shape.element_count()) {
    value = value.reshaped(shape);
    return;
  }
  if (dtype == DType::string) {
    value = Tensor(dtype, shape);
    return;
  }
  const size_t bytes = static_cast<size_t>(shape.element_count()) * size_of(dtype);
  Device* on = device;
  void* memory = on->allocate(bytes);
  value = Tensor(dtype, shape,
                 std::make_shared<Tensor::Buffer>(memory, bytes, host_device(),
                                                  [on, memory] { on->release(memory); }),
                 0);
}

SessionState::SessionState(std::shared_ptr<GraphState> graph, const SessionOptions& options)
    : graph_(std::move(graph)), options_(options) {
  require<InvalidArgumentError>(options.threads >= 0, ErrorKind::bad_argument,
                                "SessionOptions::threads must not be negative, got ",
                                options.threads);
  int cpus = 1;
  for (const auto& [type, count] : options.device_count) {
    require<InvalidArgumentError>(count >= 0, ErrorKind::bad_argument,
                                  "SessionOptions::device_count of ", type,
                                  " must not be negative, got ", count);
    if (to_upper(type) == "CPU") cpus = std::max(1, count);
  }
  for (int i = 0; i < cpus; ++i) {
    const std::string name = str("/job:localhost/replica:0/task:0/device:CPU:", i);
    devices_.push_back(cpu_backend().open(
        0, name, {.threads = options.threads, .memory_limit = options.cpu_memory_limit}));
    device_specs_.push_back(DeviceSpec::from_string(name));
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
  cached_.clear();
  cache_index_.clear();
}

void SessionState::check_open() const {
  require<RuntimeError>(!closed_, ErrorKind::closed, "Attempted to use a closed Session");
}

std::vector<DeviceInfo> SessionState::list_devices() const {
  const int threads = options_.threads > 0 ? options_.threads : default_thread_count();
  std::vector<DeviceInfo> infos;
  for (const auto& device : devices_) {
    infos.push_back({.name = device->name(),
                     .device_type = "CPU",
                     .memory_limit = device->memory_limit(),
                     .description = str(threads, threads == 1 ? " thread" : " threads")});
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

Device& SessionState::device_of(const Node& node) const {
  return *devices_[static_cast<size_t>(placement_[static_cast<size_t>(node.id)])];
}

VariableStorage& SessionState::storage(const Node& variable) const {
  std::lock_guard lock(mutex_);
  std::unique_ptr<VariableStorage>& slot = variables_[variable.id];
  if (!slot) {
    slot = std::make_unique<VariableStorage>();
    slot->node = &variable;
    slot->device = &device_of(variable);
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
      *graph_, device_specs_,
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
  return prepared;
}

std::shared_ptr<PreparedRun> SessionState::compile_run(const RunRequest& request,
                                                       std::span<const Tensor> feeds) {
  PlanRequest plan_request{
      .fetches = request.fetches, .targets = request.targets, .feeds = {}, .done = {}};
  for (size_t i = 0; i < feeds.size(); ++i) {
    plan_request.feeds.push_back({request.feeds[i], feeds[i].dtype(), feeds[i].shape(), {}});
  }
  return prepare_plan(plan_request);
}

std::shared_ptr<PreparedRun> SessionState::prepare(const RunRequest& request,
                                                   std::span<const Tensor> feeds) {
  {
    // The whole graph must have a place, also what this run doesn't need.
    std::lock_guard lock(graph_->mutex);
    place_graph();
  }
  std::string key = key_of(request, feeds);
  {
    std::lock_guard lock(mutex_);
    if (const auto found = cache_index_.find(key); found != cache_index_.end()) {
      cached_.splice(cached_.begin(), cached_, found->second);
      return found->second->run;
    }
  }
  std::shared_ptr<PreparedRun> prepared = compile_run(request, feeds);
  std::lock_guard lock(mutex_);
  if (const auto found = cache_index_.find(key); found != cache_index_.end()) {
    found->second->run = prepared;
    return prepared;
  }
  cached_.push_front({key, prepared});
  cache_index_[std::move(key)] = cached_.begin();
  while (cached_.size() > std::max<size_t>(1, options_.plan_cache_size)) {
    cache_index_.erase(cached_.back().key);
    cached_.pop_back();
  }
  return prepared;
}

void SessionState::check_feeds(const RunRequest& request, std::span<const Tensor> feeds) const {
  std::lock_guard lock(graph_->mutex);  // static shapes may be narrowed meanwhile
  for (size_t i = 0; i < feeds.size(); ++i) {
    const Endpoint& to = request.feeds[i];
    const auto index = static_cast<size_t>(to.index);
    const Tensor& value = feeds[i];
    require<ValueError>(static_cast<bool>(value), ErrorKind::bad_feed,
                        "The value of a feed cannot be empty: Tensor '", to.node->name, ":",
                        to.index, "'");
    const Shape& shape = to.node->output_shapes[index];
    require<ValueError>(shape.compatible_with(value.shape()), ErrorKind::bad_feed_shape,
                        "Cannot feed value of shape ", value.shape(), " for Tensor '",
                        to.node->name, ":", to.index, "', which has shape '", shape, "'");
    require<ValueError>(value.dtype() == to.node->output_dtypes[index], ErrorKind::bad_feed,
                        "Cannot feed a value of dtype ", value.dtype(), " for Tensor '",
                        to.node->name, ":", to.index, "', which has dtype ",
                        to.node->output_dtypes[index]);
  }
}

void SessionState::run(const RunRequest& request, std::span<const Tensor> feeds,
                       std::span<Tensor> outputs) {
  check_open();
  check_feeds(request, feeds);
  while (true) {
    const std::shared_ptr<PreparedRun> prepared = prepare(request, feeds);
    if (run_prepared(request, *prepared, feeds, outputs)) return;
    std::lock_guard lock(mutex_);
    const std::string key = key_of(request, feeds);
    if (const auto found = cache_index_.find(key); found != cache_index_.end()) {
      cached_.erase(found->second);
      cache_index_.erase(found);
    }
  }
}

bool SessionState::run_prepared(const RunRequest& request, PreparedRun& prepared,
                                std::span<const Tensor> feeds, std::span<Tensor> outputs) {
  if (prepared.plan->rest) {
    const std::unique_lock alone(cut_mutex_);
    {
      const VariableLocks locks(prepared);
      if (!shapes_hold(prepared)) return false;
      check_initialized(prepared);
    }
    run_rest(request, prepared, feeds, outputs);
    return true;
  }
  const std::shared_lock together(cut_mutex_);
  const VariableLocks locks(prepared);
  if (!shapes_hold(prepared)) return false;
  check_initialized(prepared);
  execute(prepared, feeds, outputs);
  return true;
}

// Runs the part before the cut, then the rest, planned for the values found.
void SessionState::run_rest(const RunRequest& request, PreparedRun& prepared,
                            std::span<const Tensor> feeds, std::span<Tensor> outputs) {
  const Plan::Rest& rest = *prepared.plan->rest;
  std::vector<Tensor> found(rest.frontier.size());
  {
    const VariableLocks locks(prepared);
    execute(prepared, feeds, found);
  }
  PlanRequest next = prepared.request;
  next.done = rest.done;
  std::string key;
  for (const int feed : rest.known_feeds) {
    const auto index = static_cast<size_t>(feed);
    next.feeds[index].known = feeds[index].clone();  // the caller may change it after this run
    append_value(key, feeds[index]);
  }
  for (size_t i = 0; i < found.size(); ++i) {
    const Tensor known = rest.decides_shapes[i] ? found[i] : Tensor();
    next.feeds.push_back({rest.frontier[i], found[i].dtype(), found[i].shape(), known});
    if (known) {
      append_value(key, known);
    } else {
      append_spec(key, found[i]);
    }
  }
  std::shared_ptr<PreparedRun> then;
  {
    std::lock_guard lock(prepared.rest_mutex);
    std::shared_ptr<PreparedRun>& slot = prepared.rests[key];
    if (slot && (slot->plan->rest || shapes_hold(*slot))) then = slot;
  }
  if (!then) {
    then = prepare_plan(next);
    std::lock_guard lock(prepared.rest_mutex);
    if (prepared.rests.size() > kMostRests) prepared.rests.clear();
    prepared.rests[key] = then;
  }
  std::vector<Tensor> all(feeds.begin(), feeds.end());
  all.insert(all.end(), found.begin(), found.end());
  RunRequest rest_request = request;
  rest_request.feeds.insert(rest_request.feeds.end(), rest.frontier.begin(), rest.frontier.end());
  {
    const VariableLocks locks(*then);
    check_initialized(*then);
    if (!then->plan->rest) return execute(*then, all, outputs);
  }
  run_rest(rest_request, *then, all, outputs);
}

}  // namespace tenon::internal
