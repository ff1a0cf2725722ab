#include "cuda/cudnn_descriptor.h"

#include "cuda/process_end.h"

namespace tenon::cuda {

bool is_out_of_memory(cudnnStatus_t status) noexcept {
  return status == CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED ||
         status == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
}

CudnnDescriptor::CudnnDescriptor(cudnnBackendDescriptorType_t type) {
  status_ = cudnnBackendCreateDescriptor(type, &descriptor_);
}

CudnnDescriptor::~CudnnDescriptor() {
  if (descriptor_ == nullptr || process_ends()) return;
  static_cast<void>(cudnnBackendDestroyDescriptor(descriptor_));
}

void CudnnDescriptor::set(cudnnBackendAttributeName_t name, const CudnnDescriptor& value) {
  set_all(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value.descriptor_);
}

void CudnnDescriptor::set(cudnnBackendAttributeName_t name,
                          std::span<const CudnnDescriptor> values) {
  std::vector<cudnnBackendDescriptor_t> all;
  for (const CudnnDescriptor& value : values) all.push_back(value.descriptor_);
  set_all(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, static_cast<int64_t>(all.size()), all.data());
}

void CudnnDescriptor::set_all(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                              int64_t count, const void* values) {
  if (status_ != CUDNN_STATUS_SUCCESS) return;
  status_ = cudnnBackendSetAttribute(descriptor_, name, type, count, values);
}

bool CudnnDescriptor::finalize() {
  if (status_ == CUDNN_STATUS_SUCCESS) status_ = cudnnBackendFinalize(descriptor_);
  if (is_out_of_memory(status_)) check(status_, "cudnnBackendFinalize");
  return status_ == CUDNN_STATUS_SUCCESS;
}

size_t CudnnDescriptor::count(cudnnBackendAttributeName_t name,
                              cudnnBackendAttributeType_t type) const {
  int64_t count = 0;
  const cudnnStatus_t status =
      cudnnBackendGetAttribute(descriptor_, name, type, 0, &count, nullptr);
  return status == CUDNN_STATUS_SUCCESS ? static_cast<size_t>(count) : 0;
}

size_t CudnnDescriptor::get_all(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                                size_t most, void* values) const {
  if (most == 0) return 0;
  int64_t count = 0;
  const cudnnStatus_t status =
      cudnnBackendGetAttribute(descriptor_, name, type, static_cast<int64_t>(most), &count, values);
  return status == CUDNN_STATUS_SUCCESS ? static_cast<size_t>(count) : 0;
}

std::vector<CudnnDescriptor> CudnnDescriptor::get(cudnnBackendAttributeName_t name,
                                                  cudnnBackendDescriptorType_t type) const {
  std::vector<CudnnDescriptor> all;
  std::vector<cudnnBackendDescriptor_t> bare;
  for (size_t left = count(name, CUDNN_TYPE_BACKEND_DESCRIPTOR); left > 0; --left) {
    all.emplace_back(type);
    bare.push_back(all.back().descriptor_);
  }
  all.resize(get_all(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, bare.size(), bare.data()));
  return all;
}

}  // namespace tenon::cuda
