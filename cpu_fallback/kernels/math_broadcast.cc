// BroadcastTo, and _SumTo, which undoes it in gradients.
#include <cstring>

#include "cpu_fallback/broadcast_reader.h"
#include "cpu_fallback/kernel_support.h"
#include "cpu_fallback/reduction.h"

namespace tenon::cpu {
namespace {

Kernel prepare_sum_to(const KernelRequest& request) {
  const Shape &from = request.input_shape(0), &to = request.output_shape(0);
  return Reduction::kernel(
      Reduction(Reduce::kSum, request.input_dtype(0), from, internal::broadcast_axes(from, to)));
}

Kernel prepare_broadcast_to(const KernelRequest& request) {
  const BroadcastReader reader(request.input_dtype(0), request.input_shape(0),
                               request.output_shape(0));
  const int64_t count = request.output_shape(0).element_count();
  return {.launch = [reader, count](const Launch& args) {
    constexpr int64_t kBlock = 512;
    const size_t bytes = reader.element_bytes();
    for_rows(args, count, 1, [&](int64_t begin, int64_t end) {
      alignas(64) std::byte scratch[(2 * kBlock + 16) * 8];
      reader.begin(args.inputs[0], scratch, kBlock);
      for (int64_t at = begin; at < end; at += kBlock) {
        const auto size = static_cast<size_t>(std::min(kBlock, end - at));
        std::memcpy(args.output<std::byte>(0) + static_cast<size_t>(at) * bytes,
                    reader.read(args.inputs[0], scratch, at, size, size), size * bytes);
      }
    });
  }};
}

}  // namespace

void register_math_broadcast(KernelRegistry& kernels) {
  for (const DType dtype : {float32, float64, int32, int64, float16, bfloat16, int8, uint8, int16,
                            uint16, uint32, uint64}) {
    kernels.add("_SumTo", dtype, prepare_sum_to);
  }
  kernels.add("BroadcastTo", DType::invalid, prepare_broadcast_to);
}

}  // namespace tenon::cpu
