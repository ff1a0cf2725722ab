// Filters of convolutions in cuDNN's order, OHWI, where TensorFlow's is HWIO.
#pragma once

#include <optional>

#include "cuda/conv_graph.h"
#include "cuda/strided_copy.h"

namespace tenon::cuda {

class ConvFilter {
 public:
  // With `reversed`, what as_forward() of the problem takes.
  ConvFilter(const ConvProblem& problem, bool reversed);

  size_t bytes() const { return bytes_; }  // 0: both orders are the same
  void to_cudnn(cudaStream_t stream, const void* filter, void* own) const;
  // Not for reversed ones.
  void from_cudnn(cudaStream_t stream, const void* own, void* filter) const;

 private:
  const int64_t taps_, outputs_;  // TensorFlow's filter as a matrix
  std::optional<StridedCopy> reversed_;
  size_t bytes_;
};

}  // namespace tenon::cuda
