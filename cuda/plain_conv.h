// Convolutions by plain loops, a thread for each result: for what cuDNN can't do, or not with the
// same bits every time.
#pragma once

#include "core/kernels/window.h"
#include "cuda/status.h"

namespace tenon::cuda {

// Images are NHWC, filters HWIO with `outputs` channels out; float32 or float64. Any size may be 0.
// Each of the groups has its own part of the image's channels and of the outputs.
struct PlainConv {
  internal::Windows windows;
  int64_t outputs;
  int64_t groups;
  DType dtype;

  void forward(cudaStream_t stream, const void* image, const void* filter, void* out) const;
  void image_gradient(cudaStream_t stream, const void* filter, const void* gradient,
                      void* image) const;
  void filter_gradient(cudaStream_t stream, const void* image, const void* gradient,
                       void* filter) const;
};

}  // namespace tenon::cuda
