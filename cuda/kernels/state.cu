// CountUpTo: one more in a variable, until a limit. (Assignments need no kernels: updates are
// elementwise, and plans assign.)
//
// The limit's error is what it is for, so that the launch waits for the count: it is kept out of
// captured graphs.
#include "cuda/kernel_support.h"

namespace tenon::cuda {
namespace {

template <typename T>
__global__ void count_on(T* count, T* before, T value) {
  *before = value;
  *count = static_cast<T>(value + 1);
}

template <typename T>
Kernel prepare_count_up_to(const KernelRequest& request) {
  const auto limit = request.attrs->get<int64_t>("limit");
  return {.launch = [limit](const Launch& args) {
    T* count = args.mutable_input<T>(0);
    T value = 0;
    check(cudaMemcpyAsync(&value, count, sizeof value, cudaMemcpyDeviceToHost, stream(args)),
          "cudaMemcpyAsync");
    check(cudaStreamSynchronize(stream(args)), "cudaStreamSynchronize");
    require<OutOfRangeError>(value < limit, ErrorKind::limit_reached, "Reached limit of ", limit);
    count_on<T><<<1, 1, 0, stream(args)>>>(count, args.output<T>(0), value);
    check_launch("count_on");
  }};
}

}  // namespace

void register_state(KernelRegistry& kernels) {
  for (const char* op : {"CountUpTo", "ResourceCountUpTo"}) {
    kernels.add(op, int32, {.prepare = prepare_count_up_to<int32_t>, .recordable = false});
    kernels.add(op, int64, {.prepare = prepare_count_up_to<int64_t>, .recordable = false});
  }
}

}  // namespace tenon::cuda
