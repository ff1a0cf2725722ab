// What CUDA's libraries answer, as exceptions: every call of theirs goes through check().
#pragma once

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

#include <string_view>

namespace tenon::cuda {

// Throws unless the call went well; `what` is the call's name ("cudaMemcpyAsync"). Running out of
// memory throws ResourceExhaustedError (resource_exhausted), all else RuntimeError (device_failed),
// with the library's own words. The error is taken from the runtime, so that the next call doesn't
// meet it again.
void check(cudaError_t status, std::string_view what);
void check(cudnnStatus_t status, std::string_view what);
void check(cublasStatus_t status, std::string_view what);

// Right after `kernel<<<...>>>`: throws what the launch met.
void check_launch(std::string_view kernel);

}  // namespace tenon::cuda
