#include "core/backend/module.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "core/backend/driver_probe.h"
#include "core/base/strings.h"
#include "tenon/device.h"

namespace tenon::internal {
namespace {

namespace fs = std::filesystem;

// What dlopen or dlsym just complained of.
std::string dl_error() {
  const char* text = dlerror();
  return text != nullptr ? text : "unknown error of the dynamic linker";
}

// The folder of the library, or of the program, that this code is in.
fs::path own_folder() {
  Dl_info info = {};
  const void* here = reinterpret_cast<const void*>(&module_abi);
  fs::path file = "/proc/self/exe";
  // A program that was found on PATH is known by its bare name.
  if (dladdr(here, &info) != 0 && std::string_view(info.dli_fname).find('/') != std::string::npos) {
    file = info.dli_fname;
  }
  return fs::canonical(file).parent_path();
}

std::vector<fs::path> module_folders() {
  if (const char* asked = std::getenv("TENON_MODULE_PATH"); asked != nullptr) return {asked};
  const fs::path own = own_folder();
  return {own, own.parent_path(), own.parent_path() / "lib"};
}

Module find_and_open(const std::string& name) {
  const std::string file = str("lib", name, ".so");
  const std::vector<fs::path> folders = module_folders();
  for (const fs::path& folder : folders) {
    if (fs::exists(folder / file)) return open_module_file(folder / file);
  }
  return {.status = str(file, " is not there (looked in ", join(folders), ")")};
}

Module open_cuda() {
  if (is_set("TENON_DISABLE_CUDA")) return {.status = "TENON_DISABLE_CUDA is set"};
  const std::string missing = why_no_cuda_device();
  return missing.empty() ? open_module("tenon_cuda") : Module{.status = missing};
}

// An OpenMP library that is loaded by this reads how its threads wait: never by spinning, which
// costs other programs, and us, whole slices of a busy processor's time.
Module open_onednn() {
  constexpr const char* kPolicy = "OMP_WAIT_POLICY";
  const bool ours = std::getenv(kPolicy) == nullptr && setenv(kPolicy, "passive", 0) == 0;
  Module module = open_module("tenon_onednn");
  if (ours) unsetenv(kPolicy);
  return module;
}

}  // namespace

bool is_set(const char* variable) noexcept {
  const char* value = std::getenv(variable);
  const std::string_view text = value == nullptr ? "" : value;
  return !text.empty() && text != "0";
}

uint64_t module_abi() noexcept { return TENON_MODULE_ABI; }

Module open_module_file(const std::string& path) noexcept {
  try {
    // Never closed: devices, kernels and errors of its making may live to the end.
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return {.status = dl_error()};
    const auto entry = reinterpret_cast<ModuleEntry>(dlsym(library, kModuleEntry));
    if (entry == nullptr) return {.status = dl_error()};
    const ModuleApi* api = entry();
    if (api == nullptr || api->abi != module_abi()) {
      return {.status = str(path, " was made for another build of Tenon")};
    }
    return {.api = api, .status = path};
  } catch (const std::exception& error) {
    return {.status = str(path, ": ", error.what())};
  }
}

Module open_module(const std::string& name) noexcept {
  try {
    return find_and_open(name);
  } catch (const std::exception& error) {
    return {.status = str("lib", name, ".so: ", error.what())};
  }
}

const Module& cuda_module() {
  static const Module module = open_cuda();
  return module;
}

const Module& onednn_module() {
  static const Module module = open_onednn();
  return module;
}

}  // namespace tenon::internal

namespace tenon {

std::vector<ModuleInfo> modules() {
  const internal::Module& cuda = internal::cuda_module();
  std::vector<ModuleInfo> all = {
      {.name = "cuda", .opened = cuda.api != nullptr, .status = cuda.status}};
  if (internal::is_set("TENON_DISABLE_ONEDNN")) {
    all.push_back({.name = "onednn", .opened = false, .status = "TENON_DISABLE_ONEDNN is set"});
  } else {
    const internal::Module& onednn = internal::onednn_module();
    all.push_back({.name = "onednn", .opened = onednn.api != nullptr, .status = onednn.status});
  }
  return all;
}

}  // namespace tenon
