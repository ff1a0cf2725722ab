// Convolutions of float32 by cuDNN, made ready for one shape.
//
// cuDNN's filters are OHWI and TensorFlow's HWIO: each launch turns them around. Its paddings are
// alike on both sides of an axis: where TensorFlow's aren't, the image is padded first. The
// algorithm is the first that cuDNN names for the shape and that gives the same bits every time.
#pragma once

#include <cudnn.h>

#include <atomic>
#include <memory>
#include <vector>

#include "core/kernels/window.h"
#include "cuda/cuda_device.h"
#include "cuda/strided_copy.h"

namespace tenon::cuda {

class CudnnConv {
 public:
  enum class Direction : uint8_t { kForward, kImageGradient, kFilterGradient };

  // Null where cuDNN has no such algorithm, or can't count the elements.
  static std::shared_ptr<CudnnConv> make(const internal::KernelRequest& request,
                                         const internal::Windows& windows, int64_t outputs,
                                         int64_t groups, Direction direction);
  ~CudnnConv();
  CudnnConv(const CudnnConv&) = delete;
  CudnnConv& operator=(const CudnnConv&) = delete;

  size_t workspace_bytes() const { return filter_bytes_ + padded_bytes_ + library_bytes_; }

  // Each is false, with nothing computed, when cuDNN refuses after all. Forward with bias and relu,
  // or without both.
  bool forward(const internal::Launch& args, const void* image, const void* filter,
               const void* bias, void* out);
  bool image_gradient(const internal::Launch& args, const void* filter, const void* gradient,
                      void* image);
  bool filter_gradient(const internal::Launch& args, const void* image, const void* gradient,
                       void* filter);

 private:
  CudnnConv(const internal::Windows& windows, int64_t outputs, int64_t groups);
  void describe(bool allow_tf32);
  bool choose(cudnnHandle_t handle, Direction direction, bool allow_tf32);
  bool answered(cudnnStatus_t status, const char* what);

  char* filter_memory(const internal::Launch& args) const;
  char* padded_memory(const internal::Launch& args) const;
  char* library_memory(const internal::Launch& args) const;
  void turn_filter(const internal::Launch& args, const void* filter) const;
  const void* padded(const internal::Launch& args, const void* image) const;

  internal::Windows windows_;
  int64_t outputs_, groups_;
  int64_t padded_h_, padded_w_;  // of the image, where it is padded first
  bool pads_;
  internal::MatrixTranspose filter_turned_, filter_back_;
  std::unique_ptr<StridedCopy> pad_, unpad_;
  size_t filter_bytes_ = 0, padded_bytes_ = 0, library_bytes_ = 0;
  cudnnTensorDescriptor_t image_ = nullptr, out_ = nullptr, bias_ = nullptr;
  cudnnFilterDescriptor_t filter_ = nullptr;
  cudnnConvolutionDescriptor_t conv_ = nullptr;
  cudnnActivationDescriptor_t relu_ = nullptr;
  cudnnConvolutionFwdAlgo_t forward_ = {};
  cudnnConvolutionBwdDataAlgo_t image_gradient_ = {};
  cudnnConvolutionBwdFilterAlgo_t filter_gradient_ = {};
  std::atomic<bool> refused_{false};
};

}  // namespace tenon::cuda
