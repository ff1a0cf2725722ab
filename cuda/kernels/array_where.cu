// Where: the indices of true elements, in order. Their number is known when planning.
#include "cuda/typed_access.h"

namespace tenon::cuda {
namespace {

constexpr int kChunk = 1024;  // elements that one block goes over, in steps of kThreads

__device__ bool is_true(const void* condition, DType dtype, int64_t i, int64_t size) {
  if (i >= size) return false;
  const bool floating = dtype == DType::float32 || dtype == DType::float64;
  return floating ? load_as<double>(dtype, condition, i) != 0
                  : load_as<int64_t>(dtype, condition, i) != 0;
}

__global__ void count_true(const void* condition, DType dtype, int64_t size, int64_t* counts,
                           int64_t chunks) {
  for (int64_t chunk = blockIdx.x; chunk < chunks; chunk += gridDim.x) {
    int count = 0;
    for (int i = 0; i < kChunk; i += kThreads) {
      count +=
          __syncthreads_count(is_true(condition, dtype, chunk * kChunk + i + threadIdx.x, size));
    }
    if (threadIdx.x == 0) counts[chunk] = count;
  }
}

// Counts become the number of true elements before each chunk; by one block.
__global__ void sum_counts(int64_t* counts, int64_t chunks) {
  __shared__ int64_t sums[kThreads];
  const int64_t share = (chunks + kThreads - 1) / kThreads;
  const int64_t first = min(chunks, share * threadIdx.x), last = min(chunks, first + share);
  int64_t sum = 0;
  for (int64_t i = first; i < last; ++i) sum += counts[i];
  sums[threadIdx.x] = sum;
  __syncthreads();
  int64_t before = 0;
  for (unsigned thread = 0; thread < threadIdx.x; ++thread) before += sums[thread];
  for (int64_t i = first; i < last; ++i) {
    const int64_t count = counts[i];
    counts[i] = before;
    before += count;
  }
}

// Writes the coordinates of the true elements; never more than `rows` of them.
__global__ void write_places(const void* condition, DType dtype, int64_t size,
                             const int64_t* before, int64_t chunks, int64_t* out, int64_t rows,
                             Offsets axes) {
  __shared__ int warps[kThreads / 32];
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  for (int64_t chunk = blockIdx.x; chunk < chunks; chunk += gridDim.x) {
    int64_t row = before[chunk];
    for (int i = 0; i < kChunk; i += kThreads) {
      const int64_t at = chunk * kChunk + i + threadIdx.x;
      const bool here = is_true(condition, dtype, at, size);
      const unsigned mask = __ballot_sync(0xffffffffu, here);
      if (lane == 0) warps[warp] = __popc(mask);
      __syncthreads();
      int64_t own = row + __popc(mask & ((1u << lane) - 1));
      for (unsigned w = 0; w < kThreads / 32; ++w) {
        if (w < warp) own += warps[w];
        row += warps[w];
      }
      if (here && own < rows) {
        int64_t rest = at;
        for (int axis = 0; axis < axes.axes; ++axis) {
          const int64_t outer = axes.sizes[axis].split(rest);
          out[own * axes.axes + axes.axes - 1 - axis] = rest;
          rest = outer;
        }
      }
      __syncthreads();
    }
  }
}

Kernel prepare_where(const KernelRequest& request) {
  const Shape& shape = request.input_shape(0);
  const DType dtype = request.input_dtype(0);
  const int64_t size = shape.element_count(), rows = request.output_shape(0)[0];
  const int64_t chunks = (size + kChunk - 1) / kChunk;
  Offsets axes;
  for (int axis = shape.rank(); axis-- > 0;) axes.add(shape[axis], 0, size);
  return {.workspace_bytes = static_cast<size_t>(chunks) * sizeof(int64_t),
          .launch = [=](const Launch& args) {
            if (rows == 0 || size == 0) return;
            auto* counts = static_cast<int64_t*>(args.workspace);
            const unsigned blocks = blocks_for(chunks, 1);
            count_true<<<blocks, kThreads, 0, stream(args)>>>(args.inputs[0], dtype, size, counts,
                                                              chunks);
            check_launch("count_true");
            sum_counts<<<1, kThreads, 0, stream(args)>>>(counts, chunks);
            check_launch("sum_counts");
            write_places<<<blocks, kThreads, 0, stream(args)>>>(
                args.inputs[0], dtype, size, counts, chunks, args.output<int64_t>(0), rows, axes);
            check_launch("write_places");
          }};
}

}  // namespace

void register_array_where(KernelRegistry& kernels) {
  for (const DType dtype :
       {bool_, float32, float64, int32, int64, int8, uint8, int16, uint16, uint32, uint64}) {
    kernels.add("Where", dtype, prepare_where);
  }
}

}  // namespace tenon::cuda
