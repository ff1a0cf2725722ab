#include "core/base/check.h"
#include "cpu_fallback/strided_copy.h"

namespace tenon::cpu {
namespace {

// The first index outside of [0, size) is an error that says which.
template <typename Index>
void check_indices(const Index* indices, int64_t count, int64_t size) {
  for (int64_t i = 0; i < count; ++i) {
    require(indices[i] >= 0 && indices[i] < size, ErrorKind::index_out_of_range, "indices[", i,
            "] = ", indices[i], " is not in [0, ", size, ")");
  }
}

template <typename Index>
Kernel prepare_gather_by(const KernelRequest& request) {
  const internal::GatherSizes sizes = internal::gather_sizes(request);
  return for_element_size(request.output_dtype(0), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    return Kernel{.launch = [sizes](const Launch& args) {
      const int64_t batch = sizes.batch, count = sizes.count;
      const internal::AroundAxis& around = sizes.around;
      const Index* indices = args.input<Index>(1);
      check_indices(indices, batch * count, around.size);
      const T* from = args.input<T>(0);
      T* to = args.output<T>(0);
      for_rows(args, batch * around.outer * count, around.inner, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          const int64_t outer = row / count;  // of all batches
          const Index index = indices[outer / around.outer * count + row % count];
          const T* source = from + (outer * around.size + index) * around.inner;
          std::copy_n(source, around.inner, to + row * around.inner);
        }
      });
    }};
  });
}

Kernel prepare_gather(const KernelRequest& request) {
  return request.input_dtype(1) == int32 ? prepare_gather_by<int32_t>(request)
                                         : prepare_gather_by<int64_t>(request);
}

// Rows of values added where their indices say; rows of one index are summed in their order.
template <typename T, typename Index>
Kernel prepare_indexed_slices_by(const KernelRequest& request) {
  const Shape& output = request.output_shape(0);
  const int64_t rows = output[0], total = output.element_count();
  const int64_t count = request.input_shape(1).element_count();
  const int64_t inner = rows == 0 ? 0 : total / rows;
  return {.launch = [=](const Launch& args) {
    const Index* indices = args.input<Index>(1);
    check_indices(indices, count, rows);
    T* out = args.output<T>(0);
    std::fill_n(out, total, T{});
    for (int64_t i = 0; i < count; ++i) {
      const T* value = args.input<T>(0) + i * inner;
      T* row = out + static_cast<int64_t>(indices[i]) * inner;
      for (int64_t j = 0; j < inner; ++j) row[j] = static_cast<T>(row[j] + value[j]);
    }
  }};
}

template <typename T>
Kernel prepare_indexed_slices(const KernelRequest& request) {
  return request.input_dtype(1) == int32 ? prepare_indexed_slices_by<T, int32_t>(request)
                                         : prepare_indexed_slices_by<T, int64_t>(request);
}

}  // namespace

void register_array_gather(KernelRegistry& kernels) {
  kernels.add("GatherV2", DType::invalid, prepare_gather);
  for_types(Numbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("_IndexedSlices", dtype_of<T>, prepare_indexed_slices<T>);
  });
}

}  // namespace tenon::cpu
