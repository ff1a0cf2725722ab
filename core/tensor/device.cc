#include "tenon/device.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "tenon/error.h"

namespace tenon {
namespace {

using internal::fail;

[[noreturn]] void fail_spec(std::string_view name, std::string_view why) {
  fail<ValueError>(ErrorKind::bad_device, "Unknown attribute or malformed device specification '",
                   name, "': ", why,
                   ". A device looks like '/job:worker/task:0/device:GPU:1' or '/cpu:0'");
}

int parse_number(std::string_view name, std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    fail_spec(name, internal::str("'", text, "' is no number"));
  }
  return value;
}

// What may stand without "device:" before it.
bool is_device_type(std::string_view type) {
  constexpr std::array<std::string_view, 5> kTypes = {"CPU", "GPU", "TPU", "CUSTOM", "EPU"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

}  // namespace

DeviceSpec DeviceSpec::from_string(std::string_view name) {
  DeviceSpec spec;
  for (const std::string_view part : internal::split(name, '/')) {
    if (part.empty()) continue;
    const auto fields = internal::split(part, ':');
    const std::string_view key = fields[0];
    const auto set_type = [&](std::string_view type, std::string_view index) {
      if (spec.device_type) fail_spec(name, "multiple device types are not allowed");
      spec.device_type = internal::to_upper(type);
      if (index != "*") spec.device_index = parse_number(name, index);
    };
    if (key == "job" && fields.size() == 2) {
      spec.job = std::string(fields[1]);
    } else if (key == "replica" && fields.size() == 2) {
      spec.replica = parse_number(name, fields[1]);
    } else if (key == "task" && fields.size() == 2) {
      spec.task = parse_number(name, fields[1]);
    } else if (key == "device" && fields.size() == 3) {
      set_type(fields[1], fields[2]);
    } else if (const std::string type = internal::to_upper(key);
               is_device_type(type) && fields.size() <= 2) {
      set_type(type, fields.size() == 2 ? fields[1] : "*");
    } else {
      fail_spec(name, internal::str("'", part, "' is no part of a device name"));
    }
  }
  return spec;
}

std::string DeviceSpec::to_string() const {
  std::string text;
  if (job) text += "/job:" + *job;
  if (replica) text += "/replica:" + std::to_string(*replica);
  if (task) text += "/task:" + std::to_string(*task);
  if (device_type) {
    text += "/device:" + *device_type + ":";
    text += device_index ? std::to_string(*device_index) : "*";
  }
  return text;
}

DeviceSpec DeviceSpec::merged_with(const DeviceSpec& over) const {
  DeviceSpec merged = *this;
  if (over.job) merged.job = over.job;
  if (over.replica) merged.replica = over.replica;
  if (over.task) merged.task = over.task;
  if (over.device_type) merged.device_type = over.device_type;
  if (over.device_index) merged.device_index = over.device_index;
  return merged;
}

}  // namespace tenon
