// _NonMaxSuppression: each box, the highest score first, is held against those that are kept.
#include <algorithm>

#include "core/kernels/boxes.h"
#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {
namespace {

Kernel prepare_suppression(const KernelRequest& request) {
  const int64_t boxes = request.input_shape(0)[0], most = request.output_shape(0)[0];
  return {.launch = [=](const Launch& args) {
    const float *box = args.input<float>(0), *score = args.input<float>(1);
    const float overlap = *args.input<float>(3), least = *args.input<float>(4);
    int32_t* places = args.output<int32_t>(0);
    int32_t count = 0;
    for (int64_t i = 0; i < boxes && count < most && score[i] > least; ++i) {
      const bool is_free = std::none_of(places, places + count, [&](int32_t kept) {
        return internal::overlap(box + 4 * i, box + int64_t{4} * kept, overlap);
      });
      if (is_free) places[count++] = static_cast<int32_t>(i);
    }
    std::fill(places + count, places + most, 0);
    *args.output<int32_t>(1) = count;
  }};
}

}  // namespace

void register_image_boxes(KernelRegistry& kernels) {
  kernels.add("_NonMaxSuppression", int32, prepare_suppression);
}

}  // namespace tenon::cpu
