#include "core/backend/module.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "core/base/strings.h"

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

}  // namespace tenon::internal
