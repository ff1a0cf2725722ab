// Moving elements on a GPU: boxes from one arrangement in memory to another, and filling. What is
// moved is known only by its bytes.
#pragma once

#include <vector>

#include "core/kernels/copy_plan.h"
#include "cuda/cuda_queue.h"

namespace tenon::cuda {

// One box, made ready. Elements are moved as words of up to 16 bytes where strides, offsets and
// addresses allow it.
class StridedCopy {
 public:
  // Offsets are in elements of `bytes` (1, 2, 4 or 8). Throws UnimplementedError (no_kernel) for
  // more axes than kernels take.
  StridedCopy(const internal::CopyAxes& box, size_t bytes, int64_t from_offset = 0,
              int64_t to_offset = 0);
  void run(cudaStream_t stream, const void* from, void* to) const;

 private:
  // The box in words of so many bytes.
  struct Words {
    size_t bytes;
    internal::CopyAxes box;
  };

  Words narrow_, wide_;
  int64_t from_offset_, to_offset_;  // in bytes
};

// `count` elements of that many bytes, each the one element at `value` (in the GPU's memory).
void fill(cudaStream_t stream, void* to, const void* value, int64_t count, size_t bytes);
void fill_zeros(cudaStream_t stream, void* to, int64_t count, size_t bytes);

// A kernel that does what the plan says.
internal::Kernel copy_kernel(const internal::KernelRequest& request,
                             const internal::CopyPlan& plan);

template <internal::CopyPlanner kPlan>
internal::Kernel prepare_copies(const internal::KernelRequest& request) {
  return copy_kernel(request, kPlan(request));
}

// Each of a batch of matrices of elements of that many bytes, turned around.
void transpose_matrices(cudaStream_t stream, const internal::MatrixTranspose& matrices,
                        size_t bytes, const void* from, void* to);

}  // namespace tenon::cuda
