#include "core/session/devices.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "core/base/check.h"
#include "core/base/strings.h"

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

void open_some(const BackendRegistry::Found& found, int count, size_t memory_limit,
               const SessionOptions& options, const std::string& task,
               std::vector<std::unique_ptr<Device>>& devices) {
  for (int i = 0; i < count; ++i) {
    Backend& backend = *found.backend;
    const std::string name = str(task, "/device:", backend.device_type(), ":", i);
    devices.push_back(backend.open(std::min(i, backend.device_count() - 1), name,
                                   {.threads = options.threads,
                                    .memory_limit = memory_limit,
                                    .allow_tf32 = options.allow_tf32,
                                    .libraries = found.libraries}));
  }
}

// The GPUs that there are, or emulated ones, and how many of them the options want.
std::pair<BackendRegistry::Found, int> gpus_wanted(const SessionOptions& options) {
  const int emulated = emulated_gpu_count(options);
  if (emulated > 0) return {backends().find("GPU", true), emulated};
  const std::optional<int> asked = asked_count(options, "GPU");
  if (asked == 0) return {};
  const BackendRegistry::Found found = backends().find("GPU");
  const int count = found.backend == nullptr ? 0 : found.backend->device_count();
  return {found, std::min(count, asked.value_or(count))};
}

}  // namespace

const BackendRegistry& backends() {
  static const auto* const registry = [] {
    auto* made = new BackendRegistry;  // lives as long as the process
    register_all_backends(*made);
    return made;
  }();
  return *registry;
}

std::vector<std::unique_ptr<Device>> open_devices(const SessionOptions& options,
                                                  const std::string& task) {
  check(options);
  std::vector<std::unique_ptr<Device>> devices;
  open_some(backends().find("CPU"), std::max(1, asked_count(options, "CPU").value_or(1)),
            options.cpu_memory_limit, options, task, devices);
  const auto [gpus, count] = gpus_wanted(options);
  open_some(gpus, count, options.gpu_memory_limit, options, task, devices);
  return devices;
}

}  // namespace tenon::internal

namespace tenon {

std::vector<ModuleInfo> modules() { return internal::backends().modules(); }

}  // namespace tenon
