#include <new>
#include <stdexcept>

#include "core/backend/backend.h"
#include "core/base/check.h"

namespace tenon::internal {

void KernelRegistry::add(std::string_view op, DType dtype, KernelRegistration registration) {
  const bool added = kernels_[std::string(op)].emplace(dtype, registration).second;
  require<ValueError>(added, ErrorKind::bad_argument, "Two kernels of ", op, " for ",
                      to_string(dtype), " are registered");
}

const KernelRegistration* KernelRegistry::find(std::string_view op, DType dtype) const noexcept {
  const auto of_op = kernels_.find(op);
  if (of_op == kernels_.end()) return nullptr;
  const auto exact = of_op->second.find(dtype);
  if (exact != of_op->second.end()) return &exact->second;
  const auto any = of_op->second.find(DType::invalid);
  return any == of_op->second.end() ? nullptr : &any->second;
}

std::vector<std::pair<std::string, DType>> KernelRegistry::list() const {
  std::vector<std::pair<std::string, DType>> keys;
  for (const auto& [op, registrations] : kernels_) {
    for (const auto& [dtype, registration] : registrations) keys.emplace_back(op, dtype);
  }
  return keys;
}

const KernelRegistration& find_kernel(const KernelRegistry& kernels, const KernelRequest& request,
                                      DType dtype, const std::string& device) {
  const KernelRegistration* found = kernels.find(request.op, dtype);
  require<UnimplementedError>(found != nullptr, ErrorKind::no_kernel, "No kernel of operation ",
                              request.op, " is registered for dtype ", dtype, " on ", device);
  require<UnimplementedError>(request.epilogue.empty() || found->epilogues, ErrorKind::no_kernel,
                              "The kernel of ", request.op, " on ", device,
                              " takes no bias and no activation");
  return *found;
}

namespace {

Kernel prepare_first(std::span<const KernelLibrary> libraries, const KernelRegistration& last,
                     const KernelRequest& request, DType dtype) {
  if (!last.heavy) libraries = {};
  for (const KernelLibrary& library : libraries) {
    const KernelRegistry* const kernels = library.kernels(request);
    const KernelRegistration* found = kernels ? kernels->find(request.op, dtype) : nullptr;
    if (found == nullptr || (!request.epilogue.empty() && !found->epilogues)) continue;
    Kernel kernel = found->prepare(request);
    if (kernel.module.empty()) kernel.module = library.name;
    if (kernel.launch) return kernel;
  }
  return last.prepare(request);
}

// Whether a kernel that goes over the sizes of what it makes would never end, though no element
// comes of it.
bool makes_nothing_for_ever(const KernelRequest& request) {
  constexpr int64_t kMost = int64_t{1} << 31;
  bool is_endless = false;
  for (const TensorSpec& output : request.outputs) {
    if (output.shape.element_count() != 0) return false;
    for (const int64_t size : output.shape.sizes()) is_endless = is_endless || size > kMost;
  }
  return is_endless;
}

// Of tables that a kernel makes for sizes beyond reason.
[[noreturn]] void fail_out_of_memory(const KernelRequest& request, const std::string& device) {
  fail<ResourceExhaustedError>(ErrorKind::resource_exhausted, "Out of memory while the kernel of ",
                               request.op, " on ", device, " was prepared");
}

}  // namespace

Kernel prepare_kernel(std::span<const KernelLibrary> libraries, const KernelRegistry& own,
                      const KernelRequest& request, DType dtype, const std::string& device) {
  const KernelRegistration& last = find_kernel(own, request, dtype, device);
  if (makes_nothing_for_ever(request)) return {.launch = [](const Launch&) {}};
  try {
    return prepare_first(libraries, last, request, dtype);
  } catch (const std::bad_alloc&) {
    fail_out_of_memory(request, device);
  } catch (const std::length_error&) {  // what not even a vector counts
    fail_out_of_memory(request, device);
  }
}

}  // namespace tenon::internal
