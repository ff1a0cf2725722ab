// Products of floating matrices by cuBLASLt.
#pragma once

#include <cublasLt.h>

#include "core/kernels/matmul_arguments.h"

namespace tenon::cuda {

// A batch of products whose matrices lie at equal distances (0: one for all), made ready: the
// algorithms are chosen, by cuBLASLt's rules, none of which adds up in an order of chance.
class LtMatmul {
 public:
  struct Options {
    DType dtype = DType::float32;
    int64_t batch = 1;
    int64_t a_stride = 0, b_stride = 0;  // elements from a matrix to the next
    bool bias = false, relu = false;     // on the way out; the bias is one number a column
  };

  // Throws RuntimeError (device_failed) when cuBLASLt has no algorithm. No size may be 0.
  LtMatmul(const internal::KernelRequest& request, const internal::MatrixProduct& product,
           const Options& options);

  // Whether bias and activation of the options are done too; else only the product.
  bool has_epilogue() const { return epilogue_ != CUBLASLT_EPILOGUE_DEFAULT; }
  size_t workspace_bytes() const;
  void run(const internal::Launch& args, const void* a, const void* b, const void* bias,
           void* out) const;

 private:
  struct Algorithm {
    bool found = false;
    size_t workspace = 0;
    cublasLtMatmulAlgo_t algorithm = {};
  };
  // The library's descriptions of the operation and of its matrices. On the stack of each launch:
  // they hold the bias's address.
  struct Descriptions {
    cublasLtMatmulDescOpaque_t operation;
    cublasLtMatrixLayoutOpaque_t a, b, out;
  };

  void describe(Descriptions& d, cublasLtEpilogue_t epilogue, const void* bias) const;
  Algorithm find(cublasLtHandle_t handle, cublasLtEpilogue_t epilogue, uint32_t alignment) const;

  internal::MatrixProduct product_;
  Options options_;
  cudaDataType_t type_;
  cublasComputeType_t compute_;
  cublasLtEpilogue_t epilogue_ = CUBLASLT_EPILOGUE_DEFAULT;
  Algorithm aligned_, unaligned_;  // for addresses of 16 bytes, and of an element
};

}  // namespace tenon::cuda
