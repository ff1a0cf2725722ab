#include "cuda/status.h"

#include <string>

#include "core/base/check.h"
#include "cuda/cudnn_descriptor.h"
#include "cuda/process_end.h"

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
  forget_error();
  const std::string text = cudaGetErrorString(status);
  if (status == cudaErrorMemoryAllocation) fail_for_memory(what, text);
  const bool for_others = status == cudaErrorNoKernelImageForDevice;
  fail_on_device(what, status,
                 for_others ? text +
                                  ": libtenon_cuda.so was compiled for other GPUs "
                                  "(CMAKE_CUDA_ARCHITECTURES)"
                            : text);
}

void check(cudnnStatus_t status, std::string_view what) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  const char* text = cudnnGetErrorString(status);
  if (is_out_of_memory(status)) fail_for_memory(what, text);
  fail_on_device(what, status, text);
}

void check(cublasStatus_t status, std::string_view what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  const char* text = cublasLtGetStatusString(status);
  if (status == CUBLAS_STATUS_ALLOC_FAILED) fail_for_memory(what, text);
  fail_on_device(what, status, text);
}

void check_launch(std::string_view kernel) { check(cudaGetLastError(), kernel); }

}  // namespace tenon::cuda
