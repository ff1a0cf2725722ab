// Device names: "/job:worker/replica:0/task:1/device:GPU:0" and parts of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/export.h"

namespace tenon {

// The parts of a device name, any of which may be missing (tf.DeviceSpec).
struct TENON_API DeviceSpec {
  std::optional<std::string> job = {};
  std::optional<int> replica = {};
  std::optional<int> task = {};
  std::optional<std::string> device_type = {};  // "CPU", "GPU": upper case
  std::optional<int> device_index = {};

  // Reads "/job:ps/task:0/device:GPU:1", "/gpu:1", "/CPU:0", "" and the like; the index of a device
  // may be "*": missing. Throws ValueError (bad_device) for what doesn't parse.
  static DeviceSpec from_string(std::string_view name);

  // The canonical name: "/job:ps/task:0/device:GPU:1". A type without an index is "/device:GPU:*".
  std::string to_string() const;

  // This with every part that `over` has replaced by it.
  DeviceSpec merged_with(const DeviceSpec& over) const;

  bool operator==(const DeviceSpec&) const = default;
};

// A library that Tenon opens when the program runs, if what it needs is there.
struct ModuleInfo {
  std::string name;    // "cuda", "onednn"
  bool opened;         // whether it is used
  std::string status;  // the file that was opened, or why it isn't used: "no NVIDIA driver: ..."
};

// All that there are; opens those that weren't yet. Never throws for one that can't be opened. What
// isn't opened is never tried again by this process. Thread-safe.
TENON_API std::vector<ModuleInfo> modules();

}  // namespace tenon
