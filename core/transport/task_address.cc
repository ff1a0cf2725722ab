#include "core/transport/task_address.h"

#include "tenon/device.h"

namespace tenon::internal {

std::string TaskAddress::device_prefix() const {
  return DeviceSpec{.job = job, .replica = 0, .task = index}.to_string();
}

std::vector<TaskAddress> TaskAddress::all() const {
  std::vector<TaskAddress> tasks;
  for (const auto& [name, addresses] : cluster) {
    for (size_t i = 0; i < addresses.size(); ++i) {
      tasks.push_back({cluster, name, static_cast<int>(i)});
    }
  }
  return tasks;
}

}  // namespace tenon::internal
