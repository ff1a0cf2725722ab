#include "core/session/run_queues.h"

namespace tenon::internal {

RunQueues::RunQueues(const SessionDevices& devices, const Plan& plan, RunContext& context,
                     const RunOptions& options)
    : devices_(devices), plan_(plan), context_(context) {
  if (options.stream) {
    adopted_device_ = devices.gpu(options.gpu);
    if (plan.uses_device[static_cast<size_t>(adopted_device_)]) {
      adopted_ = devices.at(adopted_device_).adopt_queue(*options.stream);
    }
  }
  for (size_t i = 0; i < plan.devices.size(); ++i) {
    if (!works_apart(i)) continue;
    devices.under_way(i).snapshot(context.awaited[i]);
    for (const RunEnd& earlier : context.awaited[i]) {
      plan.devices[i]->wait_for(of(i), *earlier.event);
    }
  }
}

void RunQueues::settle() const {
  std::vector<RunEnd> others;
  for (size_t i = 0; i < plan_.devices.size(); ++i) {
    Device& device = *plan_.devices[i];
    if (device.host_memory()) continue;
    if (works_apart(i)) device.wait(of(i));
    devices_.under_way(i).snapshot(others);
    for (const RunEnd& other : others) device.wait(*other.event);
  }
}

void RunQueues::end() {
  for (size_t i = 0; i < plan_.devices.size(); ++i) {
    if (!works_apart(i)) continue;
    plan_.devices[i]->record(of(i), *context_.ends[i]);
    devices_.under_way(i).replace(context_.awaited[i], context_.ends[i]);
    context_.awaited[i].clear();
  }
  ended_ = true;
}

RunQueues::~RunQueues() {
  if (ended_) return;
  for (size_t i = 0; i < plan_.devices.size(); ++i) {
    if (!works_apart(i)) continue;
    try {
      plan_.devices[i]->wait(of(i));
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): a device that fails doesn't write
    }
    context_.awaited[i].clear();
  }
}

}  // namespace tenon::internal
