#include "tenon/device_setter.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/graph/graph_state.h"

namespace tenon::train {
namespace {

using internal::require;

constexpr std::array<std::string_view, 3> kVariableOps = {"Variable", "VariableV2", "VarHandleOp"};

struct Setter {
  ReplicaDeviceSetterOptions options;
  DeviceSpec ps, worker;
  std::atomic<unsigned> next_task = 0;

  bool is_ps_op(const Operation& op) const {
    if (options.ps_ops.empty()) {
      return std::find(kVariableOps.begin(), kVariableOps.end(), op.type()) != kVariableOps.end();
    }
    return std::find(options.ps_ops.begin(), options.ps_ops.end(), op.type()) !=
           options.ps_ops.end();
  }

  int task_for(const Operation& op) {
    if (!options.ps_strategy) {
      return static_cast<int>(next_task.fetch_add(1) % static_cast<unsigned>(options.ps_tasks));
    }
    const int task = options.ps_strategy(op);
    require<ValueError>(task >= 0, ErrorKind::bad_argument, "The ps_strategy chose task ", task,
                        " for operation '", op.name(), "'; tasks count from 0");
    return task;
  }

  std::string device_for(const Operation& op) {
    const std::string own = op.device();
    if (!options.merge_devices && !own.empty()) return own;
    const DeviceSpec current = DeviceSpec::from_string(own);
    if (options.ps_device.empty() || !is_ps_op(op)) {
      return worker.merged_with(current).to_string();
    }
    DeviceSpec device = ps;
    if (ps.job && (!current.job || current.job == ps.job)) device.task = task_for(op);
    return device.merged_with(current).to_string();
  }
};

struct Loads {
  std::mutex mutex;
  std::vector<double> of_task;
};

// The number of tasks of the parameter servers' job in a cluster.
int tasks_in(const ReplicaDeviceSetterOptions& options, const DeviceSpec& ps) {
  const auto job = options.cluster.find(ps.job.value_or(""));
  return job == options.cluster.end() ? 0 : static_cast<int>(job->second.size());
}

}  // namespace

DeviceFunction replica_device_setter(const ReplicaDeviceSetterOptions& options) {
  require<ValueError>(options.ps_tasks >= 0, ErrorKind::bad_argument,
                      "ps_tasks must not be negative, got ", options.ps_tasks);
  auto setter = std::make_shared<Setter>();
  setter->options = options;
  setter->ps = DeviceSpec::from_string(options.ps_device);
  setter->worker = DeviceSpec::from_string(options.worker_device);
  if (!options.cluster.empty()) setter->options.ps_tasks = tasks_in(options, setter->ps);
  if (setter->options.ps_tasks == 0) return {};
  return [setter](const Operation& op) { return setter->device_for(op); };
}

int64_t byte_size_load_fn(const Operation& op) {
  const internal::Node& node = *op.node();
  // A resource variable's own output is its handle.
  const bool is_handle = op.type() == "VarHandleOp";
  const Shape shape = is_handle ? node.attrs.get<Shape>("shape") : op.output(0).shape();
  const DType dtype = is_handle ? node.attrs.get<DType>("dtype") : op.output(0).dtype();
  require<ValueError>(shape.fully_defined(), ErrorKind::no_shape, "Operation '", op.name(),
                      "' can't be weighed by its bytes: its shape is ", shape);
  int64_t bytes = 0;
  require<ValueError>(
      !__builtin_mul_overflow(shape.element_count(), static_cast<int64_t>(size_of(dtype)), &bytes),
      ErrorKind::bad_argument, "Operation '", op.name(), "' of shape ", shape, " is too large");
  return bytes;
}

PsStrategy greedy_load_balancing_strategy(int num_tasks,
                                          std::function<double(const Operation&)> load_fn) {
  require<ValueError>(num_tasks > 0, ErrorKind::bad_argument, "num_tasks must be positive, got ",
                      num_tasks);
  require<ValueError>(load_fn != nullptr, ErrorKind::bad_argument, "load_fn must be a function");
  auto loads = std::make_shared<Loads>();
  loads->of_task.resize(static_cast<size_t>(num_tasks));
  return [loads, load_fn = std::move(load_fn)](const Operation& op) {
    const double load = load_fn(op);
    require<ValueError>(load >= 0, ErrorKind::bad_argument, "The load of operation '", op.name(),
                        "' must not be negative, got ", load);
    std::lock_guard lock(loads->mutex);
    const auto least = std::min_element(loads->of_task.begin(), loads->of_task.end());
    *least += load;
    return static_cast<int>(least - loads->of_task.begin());
  };
}

}  // namespace tenon::train
