#include "core/session/devices.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "core/backend/module.h"
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

void open_some(Backend& backend, int count, size_t memory_limit, const SessionOptions& options,
               const std::string& task, std::vector<std::unique_ptr<Device>>& devices) {
  for (int i = 0; i < count; ++i) {
    const std::string name = str(task, "/device:", backend.device_type(), ":", i);
    devices.push_back(backend.open(std::min(i, backend.device_count() - 1), name,
                                   {.threads = options.threads,
                                    .memory_limit = memory_limit,
                                    .allow_tf32 = options.allow_tf32}));
  }
}

// The GPUs that there are, if the options want any; null where there are none.
Backend* gpus_wanted(const SessionOptions& options) {
  if (asked_count(options, "GPU") == 0) return nullptr;
  const Module& cuda = cuda_module();
  return cuda.api == nullptr || cuda.api->backend == nullptr ? nullptr : cuda.api->backend();
}

}  // namespace

std::vector<std::unique_ptr<Device>> open_devices(const SessionOptions& options,
                                                  const std::string& task) {
  check(options);
  std::vector<std::unique_ptr<Device>> devices;
  open_some(cpu_backend(), std::max(1, asked_count(options, "CPU").value_or(1)),
            options.cpu_memory_limit, options, task, devices);
  const int emulated = emulated_gpu_count(options);
  Backend* const real = emulated > 0 ? nullptr : gpus_wanted(options);
  if (real != nullptr) {
    const int count = real->device_count();
    open_some(*real, std::min(count, asked_count(options, "GPU").value_or(count)),
              options.gpu_memory_limit, options, task, devices);
  } else {
    open_some(emulated_gpu_backend(), emulated, options.gpu_memory_limit, options, task, devices);
  }
  return devices;
}

}  // namespace tenon::internal
