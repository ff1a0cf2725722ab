#include "cuda/status.h"

#include "core/base/strings.h"

namespace tenon::cuda {
namespace {

using internal::fail;

[[noreturn]] void fail_for_memory(std::string_view what, std::string_view text) {
  fail<ResourceExhaustedError>(ErrorKind::resource_exhausted, "Out of memory: ", what, ": ", text);
}

[[noreturn]] void fail_on_device(std::string_view what, int status, std::string_view text) {
  fail<RuntimeError>(ErrorKind::device_failed, what, " failed with error ", status, ": ", text);
}

}  // namespace

void check(cudaError_t status, std::string_view what) {
  if (status == cudaSuccess) return;
  static_cast<void>(cudaGetLastError());  // the next call is not to blame
  if (status == cudaErrorMemoryAllocation) fail_for_memory(what, cudaGetErrorString(status));
  fail_on_device(what, status, cudaGetErrorString(status));
}

void check(cudnnStatus_t status, std::string_view what) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  if (status == CUDNN_STATUS_ALLOC_FAILED) fail_for_memory(what, cudnnGetErrorString(status));
  fail_on_device(what, status, cudnnGetErrorString(status));
}

void check(cublasStatus_t status, std::string_view what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  const char* text = cublasLtGetStatusString(status);
  if (status == CUBLAS_STATUS_ALLOC_FAILED) fail_for_memory(what, text);
  fail_on_device(what, status, text);
}

void check_launch(std::string_view kernel) { check(cudaGetLastError(), kernel); }

}  // namespace tenon::cuda
