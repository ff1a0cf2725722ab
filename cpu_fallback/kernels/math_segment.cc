// UnsortedSegmentSum and its kin: rows joined by their numbers, in the order in which they stand.
#include <algorithm>
#include <limits>

#include "core/base/check.h"
#include "core/kernels/segments.h"
#include "cpu_fallback/kernel_support.h"
#include "cpu_fallback/scalar.h"

namespace tenon::cpu {
namespace {

template <typename T, class Join, typename Index>
Kernel prepare_segments_by(const KernelRequest& request) {
  const internal::SegmentSizes sizes = internal::segment_sizes(request);
  return {.launch = [sizes](const Launch& args) {
    const Index* ids = args.input<Index>(1);
    for (int64_t i = 0; i < sizes.rows; ++i) {
      require(ids[i] < sizes.segments, ErrorKind::index_out_of_range, "segment_ids[", i,
              "] = ", ids[i], " is out of range [0, ", sizes.segments, ")");
    }
    using C = scalar::Compute<T>;
    const T start = internal::segment_start<T, Join>();
    const T* data = args.input<T>(0);
    T* out = args.output<T>(0);
    for_rows(args, sizes.inner, sizes.rows + sizes.segments, [&](int64_t begin, int64_t end) {
      for (int64_t segment = 0; segment < sizes.segments; ++segment) {
        std::fill(out + segment * sizes.inner + begin, out + segment * sizes.inner + end, start);
      }
      for (int64_t i = 0; i < sizes.rows; ++i) {
        if (ids[i] < 0) continue;
        T* to = out + static_cast<int64_t>(ids[i]) * sizes.inner;
        const T* from = data + i * sizes.inner;
        for (int64_t j = begin; j < end; ++j) {
          to[j] = static_cast<T>(Join()(static_cast<C>(to[j]), static_cast<C>(from[j])));
        }
      }
    });
  }};
}

template <typename T, class Join>
Kernel prepare_segments(const KernelRequest& request) {
  return request.input_dtype(1) == int32 ? prepare_segments_by<T, Join, int32_t>(request)
                                         : prepare_segments_by<T, Join, int64_t>(request);
}

// Says so where the ids fall, or are negative: which of the two first, as TensorFlow.
template <typename T>
Kernel prepare_segment_count(const KernelRequest& request) {
  const int64_t count = request.input_shape(0)[0];
  return {.launch = [count](const Launch& args) {
    const T* ids = args.input<T>(0);
    const T last = count == 0 ? T{-1} : ids[count - 1];
    require(last < std::numeric_limits<T>::max(), ErrorKind::index_out_of_range, "segment_ids[",
            count - 1, "] = ", last, " is more than segments can be counted");
    require(count == 0 || last >= 0, ErrorKind::bad_argument, "Segment ids must be >= 0, but ",
            "segment_ids[", count - 1, "] = ", last);
    for (int64_t i = 0; i < count; ++i) {
      const bool is_last = i + 1 == count;
      const T next = is_last ? last : ids[i + 1];
      if (!is_last && next == ids[i]) continue;
      require(is_last || next > ids[i], ErrorKind::bad_argument,
              "Segment ids are not increasing: segment_ids[", i + 1, "] = ", next, " comes after ",
              ids[i]);
      require(ids[i] >= 0 && ids[i] <= last, ErrorKind::index_out_of_range, "Segment id ", ids[i],
              " out of range [0, ", last + 1, "), possibly because segment_ids isn't sorted");
    }
    *args.output<T>(0) = static_cast<T>(last + 1);
  }};
}

template <typename T>
void add_segments(KernelRegistry& kernels, DType dtype) {
  kernels.add("UnsortedSegmentSum", dtype, prepare_segments<T, scalar::Add>);
  kernels.add("UnsortedSegmentProd", dtype, prepare_segments<T, scalar::Multiply>);
  kernels.add("UnsortedSegmentMax", dtype, prepare_segments<T, scalar::Maximum>);
  kernels.add("UnsortedSegmentMin", dtype, prepare_segments<T, scalar::Minimum>);
}

}  // namespace

void register_math_segment(KernelRegistry& kernels) {
  for_types(Numbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    add_segments<T>(kernels, dtype_of<T>);
  });
  add_segments<Half>(kernels, float16);
  add_segments<Bfloat16>(kernels, bfloat16);
  kernels.add("_SegmentCount", int32, prepare_segment_count<int32_t>);
  kernels.add("_SegmentCount", int64, prepare_segment_count<int64_t>);
}

}  // namespace tenon::cpu
