#include "tenon/device_setter.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string_view>
#include <utility>

#include "core/base/strings.h"

namespace tenon::train {
namespace {

using internal::require;

constexpr std::array<std::string_view, 3> kVariableOps = {"Variable", "VariableV2", "VarHandleOp"};

struct Setter {
  ReplicaDeviceSetterOptions options;
  DeviceSpec ps, worker;
  std::atomic<int> next_task = 0;

  bool is_ps_op(const Operation& op) const {
    if (options.ps_ops.empty()) {
      return std::find(kVariableOps.begin(), kVariableOps.end(), op.type()) != kVariableOps.end();
    }
    return std::find(options.ps_ops.begin(), options.ps_ops.end(), op.type()) !=
           options.ps_ops.end();
  }

  int task_for(const Operation& op) {
    if (options.ps_strategy) return options.ps_strategy(op);
    return next_task.fetch_add(1) % options.ps_tasks;
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

}  // namespace tenon::train
