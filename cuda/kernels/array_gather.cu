#include "cuda/kernel_support.h"
#include "cuda/sorted_rows.h"

namespace tenon::cuda {
namespace {

using internal::GatherSizes;

// The sizes as the kernel divides by them.
struct Gather {
  int64_t total;          // words of the output
  int64_t size, count;    // of the axis in params; indices of a batch
  Divider inner, counts;  // words of a row; count
  Divider outer;
};

// An index out of range gives zeros, as on TensorFlow's GPUs. (The CPU throws: a launch can't.)
template <typename T, typename Index>
__global__ void gather(const T* params, const Index* indices, T* out, Gather g) {
  for (int64_t i = first_index(); i < g.total; i += grid_size()) {
    int64_t within = i;
    int64_t at = g.inner.split(within);
    const int64_t outer = g.counts.split(at);  // of all batches
    const int64_t index = indices[g.outer.divide(outer) * g.count + at];
    T value{};
    if (index >= 0 && index < g.size) {
      value = params[(outer * g.size + index) * g.inner.divisor() + within];
    }
    out[i] = value;
  }
}

Gather in_words(const GatherSizes& sizes, int64_t inner) {
  const int64_t total = sizes.batch * sizes.around.outer * sizes.count * inner;
  return {.total = total,
          .size = sizes.around.size,
          .count = sizes.count,
          .inner = Divider(inner, total),
          .counts = Divider(sizes.count, total),
          .outer = Divider(sizes.around.outer, total)};
}

template <typename Index>
Kernel prepare_gather_by(const KernelRequest& request) {
  const GatherSizes sizes = internal::gather_sizes(request);
  const int64_t inner = sizes.around.inner;
  const auto bytes = static_cast<int64_t>(size_of(request.output_dtype(0)));
  const Gather plain = in_words(sizes, inner);
  // Rows of whole words of 16 bytes are moved by those, where the addresses allow it.
  const bool has_wide = inner * bytes % 16 == 0;
  const Gather wide = in_words(sizes, inner * bytes / 16);
  return internal::for_word_size(size_of(request.output_dtype(0)), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    return Kernel{.launch = [plain, wide, has_wide](const Launch& args) {
      const auto aligned = [](const void* address) {
        return reinterpret_cast<uintptr_t>(address) % 16 == 0;
      };
      if (has_wide && aligned(args.inputs[0]) && aligned(args.outputs[0])) {
        launch_1d("gather", args, wide.total, gather<uint4, Index>, args.input<uint4>(0),
                  args.input<Index>(1), args.output<uint4>(0), wide);
      } else {
        launch_1d("gather", args, plain.total, gather<T, Index>, args.input<T>(0),
                  args.input<Index>(1), args.output<T>(0), plain);
      }
    }};
  });
}

Kernel prepare_gather(const KernelRequest& request) {
  return request.input_dtype(1) == int32 ? prepare_gather_by<int32_t>(request)
                                         : prepare_gather_by<int64_t>(request);
}

// Rows of values added where their indices say; rows of one index are summed in their order. An
// index out of range is passed over. (The CPU throws: a launch can't.)
template <typename T>
__global__ void sum_rows(SortedRows sorted, const T* values, T* out, Divider inner) {
  const int64_t width = inner.divisor();
  for (int64_t i = first_index(); i < sorted.count * width; i += grid_size()) {
    int64_t column = i;
    const int64_t first = inner.split(column);
    if (!sorted.starts_run(first)) continue;
    T sum{};
    for (int64_t at = first; sorted.in_run(first, at); ++at) {
      sum = scalar::Add()(sum, values[sorted.place(at) * width + column]);
    }
    out[sorted.row(first) * width + column] = sum;
  }
}

template <typename T>
Kernel prepare_indexed_slices(const KernelRequest& request) {
  const Shape& output = request.output_shape(0);
  const int64_t rows = output[0], total = output.element_count();
  const RowSorter sorter(request.input_shape(1).element_count(), rows, request.input_dtype(1));
  const int64_t inner = rows == 0 ? 0 : total / rows;
  const Divider columns(inner, sorter.count() * inner);
  return {.workspace_bytes = sorter.workspace_bytes(), .launch = [=](const Launch& args) {
            if (total == 0) return;
            check(cudaMemsetAsync(args.outputs[0], 0, static_cast<size_t>(total) * sizeof(T),
                                  stream(args)),
                  "cudaMemsetAsync");
            if (sorter.count() == 0) return;
            const SortedRows sorted = sorter.sort(stream(args), args.inputs[1], args.workspace);
            launch_1d("sum_rows", args, sorter.count() * inner, sum_rows<T>, sorted,
                      args.input<T>(0), args.output<T>(0), columns);
          }};
}

}  // namespace

void register_array_gather(KernelRegistry& kernels) {
  kernels.add("GatherV2", DType::invalid, prepare_gather);
  for_types(Numbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("_IndexedSlices", dtype_of<T>, prepare_indexed_slices<T>);
  });
}

}  // namespace tenon::cuda
