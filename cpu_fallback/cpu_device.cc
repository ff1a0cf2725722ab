#include "cpu_fallback/cpu_device.h"

#include <unistd.h>

#include <cstring>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/tensor/buffer.h"

namespace tenon::cpu {
namespace {

size_t physical_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGE_SIZE);
  return pages > 0 && page > 0 ? static_cast<size_t>(pages) * static_cast<size_t>(page) : 0;
}

// Before each block of memory lies its size, in as many bytes as keep the block aligned.
constexpr size_t kHeader = internal::kAlignment;

}  // namespace

CpuDevice::CpuDevice(const internal::KernelRegistry& kernels, std::string name,
                     const internal::DeviceOptions& options)
    : kernels_(kernels),
      libraries_(options.libraries),
      name_(std::move(name)),
      limit_(options.memory_limit != 0 ? options.memory_limit : physical_memory()),
      limited_(options.memory_limit != 0),
      pool_(internal::thread_count(options.threads)) {}

std::string CpuDevice::description() const {
  return internal::str(pool_.threads(), pool_.threads() == 1 ? " thread" : " threads");
}

void* CpuDevice::allocate(size_t bytes) {
  reserve(bytes);
  char* block = nullptr;
  try {
    internal::require<ResourceExhaustedError>(
        bytes <= SIZE_MAX - kHeader, ErrorKind::resource_exhausted, "Out of memory: ", bytes,
        " bytes on ", name_, " are more than can be addressed");
    block = static_cast<char*>(internal::allocate_host(kHeader + bytes));
  } catch (...) {
    used_ -= bytes;
    throw;
  }
  std::memcpy(block, &bytes, sizeof bytes);
  return block + kHeader;
}

void CpuDevice::release(void* memory) noexcept {
  if (memory == nullptr) return;
  char* block = static_cast<char*>(memory) - kHeader;
  size_t bytes = 0;
  std::memcpy(&bytes, block, sizeof bytes);
  used_ -= bytes;
  internal::free_host(block);
}

void CpuDevice::copy(void* to, const void* from, size_t bytes, internal::Queue&) {
  if (bytes != 0) std::memmove(to, from, bytes);
}

internal::Kernel CpuDevice::prepare(const internal::KernelRequest& request, DType dtype) {
  internal::Kernel kernel = internal::prepare_kernel(libraries_, kernels_, request, dtype, name_);
  if (kernel.module.empty()) kernel.module = "cpu";
  return kernel;
}

void CpuDevice::reserve(size_t bytes) {
  size_t used = used_.load();
  do {
    internal::require<ResourceExhaustedError>(
        !limited_ || (used <= limit_ && bytes <= limit_ - used), ErrorKind::resource_exhausted,
        "Out of memory: ", bytes, " bytes on ", name_, " can't be had; ", used, " of ", limit_,
        " bytes are in use");
  } while (!used_.compare_exchange_weak(used, used + bytes));
}

}  // namespace tenon::cpu
