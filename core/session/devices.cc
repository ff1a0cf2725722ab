#include "core/session/devices.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

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
  return count;
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

// Opens the devices of these numbers of a backend; in a session they are numbered from 0.
void open_some(const BackendRegistry::Found& found, const std::vector<int>& numbers,
               size_t memory_limit, const SessionOptions& options, const std::string& task,
               std::vector<std::unique_ptr<Device>>& devices) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    Backend& backend = *found.backend;
    const std::string name = str(task, "/device:", backend.device_type(), ":", i);
    devices.push_back(backend.open(std::min(numbers[i], backend.device_count() - 1), name,
                                   {.threads = options.threads,
                                    .memory_limit = memory_limit,
                                    .allow_tf32 = options.allow_tf32,
                                    .compile_ahead = options.compile_ahead,
                                    .kernel_cache = options.kernel_cache,
                                    .libraries = found.libraries}));
  }
}

std::vector<int> numbers_below(int count) {
  std::vector<int> numbers(static_cast<size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

// What SessionOptions::visible_device_list says of so many GPUs: "" is all of them.
std::vector<int> visible_gpus(const std::string& list, int count) {
  if (list.empty()) return numbers_below(count);
  std::vector<int> numbers;
  std::istringstream entries(list + ",");
  for (std::string entry; std::getline(entries, entry, ',');) {
    int number = -1;
    const char* end = entry.data() + entry.size();
    const auto parsed = std::from_chars(entry.data(), end, number);
    require<InvalidArgumentError>(parsed.ec == std::errc() && parsed.ptr == end,
                                  ErrorKind::bad_argument,
                                  "Could not parse entry in 'visible_device_list': '", entry,
                                  "'. visible_device_list = ", list);
    require<InvalidArgumentError>(number >= 0 && number < count, ErrorKind::bad_argument,
                                  "'visible_device_list' listed an invalid GPU id '", number,
                                  "' but visible device count is ", count);
    require<InvalidArgumentError>(
        std::find(numbers.begin(), numbers.end(), number) == numbers.end(), ErrorKind::bad_argument,
        "visible_device_list contained ", "duplicate GPU id ", number, ": ", list);
    numbers.push_back(number);
  }
  return numbers;
}

// The GPUs that there are, or emulated ones, and the numbers of those that the options want.
std::pair<BackendRegistry::Found, std::vector<int>> gpus_wanted(const SessionOptions& options) {
  const std::optional<int> asked = asked_count(options, "GPU");
  const int emulated = emulated_gpu_count(options);
  if (emulated == 0 && asked == 0) return {};
  const BackendRegistry::Found found = backends().find("GPU", emulated > 0);
  const int there = found.backend == nullptr ? 0 : found.backend->device_count();
  std::vector<int> numbers =
      visible_gpus(options.visible_device_list, emulated > 0 ? emulated : there);
  const size_t most = asked ? static_cast<size_t>(*asked) : numbers.size();
  numbers.resize(std::min(numbers.size(), most));
  return {found, numbers};
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
  const int cpus = std::max(1, asked_count(options, "CPU").value_or(1));
  open_some(backends().find("CPU"), numbers_below(cpus), options.cpu_memory_limit, options, task,
            devices);
  const auto [gpus, numbers] = gpus_wanted(options);
  open_some(gpus, numbers, options.gpu_memory_limit, options, task, devices);
  return devices;
}

}  // namespace tenon::internal

namespace tenon {

std::vector<ModuleInfo> modules() { return internal::backends().modules(); }

}  // namespace tenon
