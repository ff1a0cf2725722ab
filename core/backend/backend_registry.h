// The backends of this build, and the libraries of kernels that their devices ask first. The core
// names none of them: register_all_backends(), which the build writes, calls register_<folder>() of
// each folder that has one (TENON_BACKENDS in CMake), so that a static library keeps them all.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/backend/backend.h"
#include "core/backend/messenger.h"
#include "tenon/device.h"

namespace tenon::internal {

// A backend that this build may have.
struct BackendEntry {
  std::string_view device_type;     // "CPU", "GPU"
  std::string_view kernels;         // the name of the kernels that its devices run: "cpu", "cuda"
  bool emulated = false;            // its devices are opened only where emulated ones are asked for
  Backend* (*backend)() = nullptr;  // answers null where this machine can't use it
};

class BackendRegistry {
 public:
  void add(const BackendEntry& entry) { backends_.push_back(entry); }
  // A library that devices running those kernels ask first; libraries in the order of the calls.
  void add_library(std::string_view kernels, const KernelLibrary& library) {
    libraries_[std::string(kernels)].push_back(library);
  }
  // What tenon::modules() tells of a module; opens it if it wasn't yet.
  void add_module(ModuleInfo (*info)()) { modules_.push_back(info); }

  // What carries messages between processes, under the name by which programs ask for it.
  void add_messenger(std::string_view protocol, Messenger& (*open)()) {
    messengers_[std::string(protocol)] = open;
  }

  struct Found {
    Backend* backend = nullptr;
    std::span<const KernelLibrary> libraries = {};  // for DeviceOptions
  };
  // The first backend of that type that this machine can use; null where there is none.
  Found find(std::string_view device_type, bool emulated = false) const;
  std::vector<ModuleInfo> modules() const;
  // Opens it. Throws UnimplementedError (no_kernel) where there is none of that name, and
  // FailedPreconditionError (bad_argument) where it can't be opened.
  Messenger& messenger(std::string_view protocol) const;

 private:
  std::vector<BackendEntry> backends_;
  std::map<std::string, std::vector<KernelLibrary>, std::less<>> libraries_;
  std::vector<ModuleInfo (*)()> modules_;
  std::map<std::string, Messenger& (*)(), std::less<>> messengers_;
};

// Generated: calls register_<folder>(registry) of every folder in TENON_BACKENDS.
void register_all_backends(BackendRegistry& registry);

}  // namespace tenon::internal
