// UnsortedSegmentSum and its kin: rows joined by their numbers, in the order in which they stand. A
// number out of range is passed over. (The CPU throws: a launch can't.)
#include "core/kernels/segments.h"
#include "cuda/kernel_support.h"
#include "cuda/sorted_rows.h"

namespace tenon::cuda {
namespace {

template <typename T, class Join>
__global__ void start_segments(T* out, int64_t size) {
  for (int64_t i = first_index(); i < size; i += grid_size()) {
    out[i] = internal::segment_start<T, Join>();
  }
}

template <typename T, class Join>
__global__ void join_segments(SortedRows sorted, const T* data, T* out, Divider inner) {
  const int64_t width = inner.divisor();
  for (int64_t i = first_index(); i < sorted.count * width; i += grid_size()) {
    int64_t column = i;
    const int64_t first = inner.split(column);
    if (!sorted.starts_run(first)) continue;
    T* to = out + sorted.row(first) * width + column;
    T value = *to;
    for (int64_t at = first; sorted.in_run(first, at); ++at) {
      value =
          static_cast<T>(Join()(widened(value), widened(data[sorted.place(at) * width + column])));
    }
    *to = value;
  }
}

template <typename T, class Join>
Kernel prepare_segments(const KernelRequest& request) {
  const internal::SegmentSizes sizes = internal::segment_sizes(request);
  const RowSorter sorter(sizes.rows, sizes.segments, request.input_dtype(1));
  const Divider columns(sizes.inner, sizes.rows * sizes.inner);
  return {.workspace_bytes = sorter.workspace_bytes(), .launch = [=](const Launch& args) {
            T* out = args.output<T>(0);
            const int64_t total = sizes.segments * sizes.inner;
            launch_1d("start_segments", args, total, start_segments<T, Join>, out, total);
            if (total == 0 || sizes.rows == 0) return;
            const SortedRows sorted = sorter.sort(stream(args), args.inputs[1], args.workspace);
            launch_1d("join_segments", args, sizes.rows * sizes.inner, join_segments<T, Join>,
                      sorted, args.input<T>(0), out, columns);
          }};
}

template <typename T>
__global__ void count_segments(const T* ids, int64_t size, T* count) {
  if (first_index() == 0) *count = size == 0 ? T{0} : static_cast<T>(ids[size - 1] + 1);
}

template <typename T>
Kernel prepare_segment_count(const KernelRequest& request) {
  const int64_t size = request.input_shape(0)[0];
  return {.launch = [size](const Launch& args) {
    launch_1d("count_segments", args, 1, count_segments<T>, args.input<T>(0), size,
              args.output<T>(0));
  }};
}

}  // namespace

void register_math_segment(KernelRegistry& kernels) {
  for_types(AllNumbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("UnsortedSegmentSum", kDType<T>, prepare_segments<T, scalar::Add>);
    kernels.add("UnsortedSegmentProd", kDType<T>, prepare_segments<T, scalar::Multiply>);
    kernels.add("UnsortedSegmentMax", kDType<T>, prepare_segments<T, scalar::Maximum>);
    kernels.add("UnsortedSegmentMin", kDType<T>, prepare_segments<T, scalar::Minimum>);
  });
  kernels.add("_SegmentCount", int32, prepare_segment_count<int32_t>);
  kernels.add("_SegmentCount", int64, prepare_segment_count<int64_t>);
}

}  // namespace tenon::cuda
