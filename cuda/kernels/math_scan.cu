// Cumsum, Cumprod and _Recurrence along an axis: of floating numbers in double, of integers in 64
// bits.
#include <cub/block/block_scan.cuh>

#include "cuda/typed_access.h"

namespace tenon::cuda {
namespace {

struct Scan {
  AroundAxis around;
  int64_t lines;
  bool exclusive, reverse;
  DType dtype;
};

template <typename A, bool kProduct>
struct Join {
  __device__ A operator()(A a, A b) const {
    return kProduct ? scalar::Multiply()(a, b) : scalar::Add()(a, b);
  }
};

// Where element i of a line lies.
__device__ int64_t place(const Scan& scan, int64_t line, int64_t i) {
  const int64_t inner = scan.around.inner, size = scan.around.size;
  const int64_t at = scan.reverse ? size - 1 - i : i;
  return line / inner * size * inner + line % inner + at * inner;
}

// A thread for each line.
template <typename A, bool kProduct>
__global__ void scan_lines(const void* x, void* y, Scan scan) {
  for (int64_t line = first_index(); line < scan.lines; line += grid_size()) {
    A sum = kProduct ? 1 : 0;
    for (int64_t i = 0; i < scan.around.size; ++i) {
      const int64_t at = place(scan, line, i);
      const A joined = Join<A, kProduct>()(sum, load_as<A>(scan.dtype, x, at));
      store_as(scan.dtype, y, at, scan.exclusive ? sum : joined);
      sum = joined;
    }
  }
}

// A block for each line, which it goes along in tiles.
template <typename A, bool kProduct>
__global__ void scan_long_lines(const void* x, void* y, Scan scan) {
  constexpr int kItems = 4;
  using BlockScan = cub::BlockScan<A, kThreads>;
  __shared__ typename BlockScan::TempStorage storage;
  const A start = kProduct ? 1 : 0;
  for (int64_t line = blockIdx.x; line < scan.lines; line += gridDim.x) {
    A sum = start;
    for (int64_t tile = 0; tile < scan.around.size; tile += kThreads * kItems) {
      const int64_t first = tile + static_cast<int64_t>(threadIdx.x) * kItems;
      A items[kItems], before[kItems], total;
      for (int k = 0; k < kItems; ++k) {
        items[k] = first + k < scan.around.size
                       ? load_as<A>(scan.dtype, x, place(scan, line, first + k))
                       : start;
      }
      BlockScan(storage).ExclusiveScan(items, before, start, Join<A, kProduct>(), total);
      for (int k = 0; k < kItems; ++k) {
        if (first + k >= scan.around.size) break;
        A result = Join<A, kProduct>()(sum, before[k]);
        if (!scan.exclusive) result = Join<A, kProduct>()(result, items[k]);
        store_as(scan.dtype, y, place(scan, line, first + k), result);
      }
      sum = Join<A, kProduct>()(sum, total);
      __syncthreads();  // before the storage is used again
    }
  }
}

template <typename A, bool kProduct>
void launch_scan(const Launch& args, const Scan& scan) {
  const bool long_lines = scan.around.size >= kThreads && scan.lines < 4096;
  const unsigned blocks = blocks_for(scan.lines, long_lines ? 1 : kThreads);
  auto* kernel = long_lines ? scan_long_lines<A, kProduct> : scan_lines<A, kProduct>;
  kernel<<<blocks, kThreads, 0, stream(args)>>>(args.inputs[0], args.outputs[0], scan);
  check_launch("scan_lines");
}

Scan scan_of(const KernelRequest& request, int axis_input) {
  const Shape& shape = request.input_shape(0);
  // A scalar has no axis: it is a line of one element.
  const Shape lines = shape.rank() == 0 ? Shape{1} : shape;
  const int axis = shape.rank() == 0 ? 0 : resolve_axis(integer(request, axis_input), shape.rank());
  const AroundAxis around(lines, axis);
  return {.around = around,
          .lines = around.outer * around.inner,
          .exclusive = request.attrs->get_or("exclusive", false),
          .reverse = request.attrs->get_or("reverse", false),
          .dtype = request.input_dtype(0)};
}

template <bool kProduct>
Kernel prepare_scan(const KernelRequest& request) {
  const Scan scan = scan_of(request, 1);
  const bool floating = is_floating(scan.dtype);
  return {.launch = [scan, floating](const Launch& args) {
    if (scan.lines == 0 || scan.around.size == 0) return;
    if (floating) {
      launch_scan<double, kProduct>(args, scan);
    } else {
      launch_scan<int64_t, kProduct>(args, scan);
    }
  }};
}

// y[0] = 0, y[i + 1] = b[i] + x[i] * y[i]: a thread for each line.
__global__ void recur(const void* x, const void* b, void* y, Scan scan) {
  for (int64_t line = first_index(); line < scan.lines; line += grid_size()) {
    double sum = 0;
    for (int64_t i = 0; i < scan.around.size; ++i) {
      const int64_t at = place(scan, line, i);
      const double factor = load_as<double>(scan.dtype, x, at),
                   more = load_as<double>(scan.dtype, b, at);
      store_as(scan.dtype, y, at, sum);
      sum = more + factor * sum;
    }
  }
}

Kernel prepare_recurrence(const KernelRequest& request) {
  const Scan scan = scan_of(request, 2);
  return {.launch = [scan](const Launch& args) {
    launch_1d("recur", args, scan.around.size == 0 ? 0 : scan.lines, recur, args.inputs[0],
              args.inputs[1], args.outputs[0], scan);
  }};
}

}  // namespace

void register_math_scan(KernelRegistry& kernels) {
  for_types(AllNumbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("Cumsum", kDType<T>, prepare_scan<false>);
    kernels.add("Cumprod", kDType<T>, prepare_scan<true>);
  });
  for_types(AllFloats(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("_Recurrence", kDType<T>, prepare_recurrence);
  });
}

}  // namespace tenon::cuda
