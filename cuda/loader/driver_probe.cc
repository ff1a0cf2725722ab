#include "cuda/loader/driver_probe.h"

#include <dlfcn.h>

#include "core/base/strings.h"

namespace tenon::cuda {
namespace {

constexpr const char* kDriver = "libcuda.so.1";

// The part of the driver's interface that is needed, as cuda.h declares it.
struct Driver {
  int (*init)(unsigned flags) = nullptr;
  int (*device_count)(int* count) = nullptr;
  int (*error_text)(int error, const char** text) = nullptr;

  explicit Driver(void* library) {
    init = reinterpret_cast<decltype(init)>(dlsym(library, "cuInit"));
    device_count = reinterpret_cast<decltype(device_count)>(dlsym(library, "cuDeviceGetCount"));
    error_text = reinterpret_cast<decltype(error_text)>(dlsym(library, "cuGetErrorString"));
  }

  std::string describe(const char* call, int error) const {
    const char* text = nullptr;
    if (error_text == nullptr || error_text(error, &text) != 0 || text == nullptr) text = "";
    return internal::str("the NVIDIA driver answers ", call, " with error ", error,
                         *text != '\0' ? " (" : "", text, *text != '\0' ? ")" : "");
  }
};

}  // namespace

std::string why_no_device() {
  void* library = dlopen(kDriver, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return internal::str("no NVIDIA driver: ", dlerror());
  const Driver driver(library);
  if (driver.init == nullptr || driver.device_count == nullptr) {
    return internal::str("no NVIDIA driver: ", kDriver, " lacks what a driver has");
  }
  if (const int error = driver.init(0); error != 0) return driver.describe("cuInit", error);
  int count = 0;
  if (const int error = driver.device_count(&count); error != 0) {
    return driver.describe("cuDeviceGetCount", error);
  }
  return count > 0 ? "" : "the NVIDIA driver sees no device";
}

}  // namespace tenon::cuda
