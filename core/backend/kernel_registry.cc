#include "core/backend/backend.h"

namespace tenon::internal {

void KernelRegistry::add(std::string_view op, DType dtype, KernelRegistration registration) {
  const auto [at, added] = kernels_.emplace(std::pair(std::string(op), dtype), registration);
  require<ValueError>(added, ErrorKind::bad_argument, "Two kernels of ", op, " for ",
                      to_string(dtype), " are registered");
}

const KernelRegistration* KernelRegistry::find(std::string_view op, DType dtype) const noexcept {
  const auto exact = kernels_.find(std::pair<std::string_view, DType>(op, dtype));
  if (exact != kernels_.end()) return &exact->second;
  const auto any = kernels_.find(std::pair<std::string_view, DType>(op, DType::invalid));
  return any == kernels_.end() ? nullptr : &any->second;
}

std::vector<std::pair<std::string, DType>> KernelRegistry::list() const {
  std::vector<std::pair<std::string, DType>> keys;
  for (const auto& [key, registration] : kernels_) keys.push_back(key);
  return keys;
}

}  // namespace tenon::internal
