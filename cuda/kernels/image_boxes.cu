// _NonMaxSuppression: one block goes through the boxes, the highest score first; its threads take
// away what each box that is kept overlaps.
#include "core/kernels/boxes.h"
#include "cuda/kernel_support.h"

namespace tenon::cuda {
namespace {

constexpr int kThreads = 256;

__global__ void suppress(const float* box, const float* score, const float* overlap,
                         const float* least, int64_t boxes, int64_t most, bool* gone,
                         int32_t* places, int32_t* count) {
  for (int64_t i = threadIdx.x; i < boxes; i += kThreads) gone[i] = !(score[i] > *least);
  for (int64_t i = threadIdx.x; i < most; i += kThreads) places[i] = 0;
  __syncthreads();
  int32_t kept = 0;  // the same in all threads
  for (int64_t i = 0; i < boxes && kept < most; ++i) {
    if (!gone[i]) {
      if (threadIdx.x == 0) places[kept] = static_cast<int32_t>(i);
      ++kept;
      for (int64_t j = i + 1 + threadIdx.x; j < boxes; j += kThreads) {
        if (internal::overlap(box + 4 * i, box + 4 * j, *overlap)) gone[j] = true;
      }
    }
    __syncthreads();
  }
  if (threadIdx.x == 0) *count = kept;
}

Kernel prepare_suppression(const KernelRequest& request) {
  const int64_t boxes = request.input_shape(0)[0], most = request.output_shape(0)[0];
  return {.workspace_bytes = static_cast<size_t>(boxes), .launch = [=](const Launch& args) {
            suppress<<<1, kThreads, 0, stream(args)>>>(
                args.input<float>(0), args.input<float>(1), args.input<float>(3),
                args.input<float>(4), boxes, most, static_cast<bool*>(args.workspace),
                args.output<int32_t>(0), args.output<int32_t>(1));
            check_launch("suppress");
          }};
}

}  // namespace

void register_image_boxes(KernelRegistry& kernels) {
  kernels.add("_NonMaxSuppression", int32, prepare_suppression);
}

}  // namespace tenon::cuda
