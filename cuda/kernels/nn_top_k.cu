// TopKV2: rows are sorted whole, equals in their order, and the first k taken.
#include <cub/device/device_segmented_radix_sort.cuh>

#include "core/kernels/sort_key.h"
#include "cuda/kernel_support.h"

namespace tenon::cuda {
namespace {

// Keys that are smaller for larger values, the place of each in its row, and where rows begin.
template <typename T>
__global__ void make_row_keys(const T* x, int64_t rows, int64_t columns, uint64_t* keys,
                              int32_t* places, int64_t* begins) {
  for (int64_t i = first_index(); i < rows * columns; i += grid_size()) {
    keys[i] = ~internal::sort_key(x[i]);
    places[i] = static_cast<int32_t>(i % columns);
    if (i % columns == 0) begins[i / columns] = i;
    if (i == 0) begins[rows] = rows * columns;
  }
}

template <typename T>
__global__ void take_first(const T* x, const int32_t* places, int64_t rows, int64_t columns,
                           int64_t k, T* values, int32_t* indices) {
  for (int64_t i = first_index(); i < rows * k; i += grid_size()) {
    const int64_t row = i / k;
    const int32_t place = places[row * columns + i % k];
    values[i] = x[row * columns + place];
    indices[i] = place;
  }
}

size_t whole_lines(size_t bytes) { return (bytes + 255) / 256 * 256; }

// Sorts each row by its keys. Without a workspace it only says what it wants.
void sort_rows(void* workspace, size_t& bytes, const uint64_t* keys, uint64_t* sorted_keys,
               const int32_t* places, int32_t* sorted_places, int64_t rows, int64_t columns,
               const int64_t* begins, cudaStream_t stream) {
  check(cub::DeviceSegmentedRadixSort::SortPairs(workspace, bytes, keys, sorted_keys, places,
                                                 sorted_places, static_cast<int>(rows * columns),
                                                 static_cast<int>(rows), begins, begins + 1, 0, 64,
                                                 stream),
        "DeviceSegmentedRadixSort::SortPairs");
}

template <typename T>
Kernel prepare_top_k(const KernelRequest& request) {
  const Shape& shape = request.input_shape(0);
  const int64_t columns = shape.back(), k = request.output_shape(0).back();
  const int64_t rows = count_between(shape, 0, shape.rank() - 1), total = rows * columns;
  require<UnimplementedError>(total <= std::numeric_limits<int32_t>::max(), ErrorKind::no_kernel,
                              "TopKV2 on GPUs takes at most 2^31 - 1 elements, not ", total);
  const size_t key_bytes = whole_lines(static_cast<size_t>(total) * sizeof(uint64_t)),
               place_bytes = whole_lines(static_cast<size_t>(total) * sizeof(int32_t)),
               begin_bytes = whole_lines(static_cast<size_t>(rows + 1) * sizeof(int64_t));
  size_t sort_bytes = 0;
  if (total > 0) {
    sort_rows(nullptr, sort_bytes, nullptr, nullptr, nullptr, nullptr, rows, columns, nullptr,
              nullptr);
  }
  return {.workspace_bytes = 2 * key_bytes + 2 * place_bytes + begin_bytes + sort_bytes + 256,
          .launch = [=](const Launch& args) {
            if (total == 0 || k == 0) return;
            auto* memory =
                reinterpret_cast<char*>(whole_lines(reinterpret_cast<uintptr_t>(args.workspace)));
            auto* keys = reinterpret_cast<uint64_t*>(memory);
            auto* sorted_keys = reinterpret_cast<uint64_t*>(memory + key_bytes);
            memory += 2 * key_bytes;
            auto* places = reinterpret_cast<int32_t*>(memory);
            auto* sorted_places = reinterpret_cast<int32_t*>(memory + place_bytes);
            memory += 2 * place_bytes;
            auto* begins = reinterpret_cast<int64_t*>(memory);
            launch_1d("make_row_keys", args, total, make_row_keys<T>, args.input<T>(0), rows,
                      columns, keys, places, begins);
            size_t bytes = sort_bytes;
            sort_rows(memory + begin_bytes, bytes, keys, sorted_keys, places, sorted_places, rows,
                      columns, begins, stream(args));
            launch_1d("take_first", args, rows * k, take_first<T>, args.input<T>(0), sorted_places,
                      rows, columns, k, args.output<T>(0), args.output<int32_t>(1));
          }};
}

}  // namespace

void register_nn_top_k(KernelRegistry& kernels) {
  for_types(AllNumbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("TopKV2", kDType<T>, prepare_top_k<T>);
  });
}

}  // namespace tenon::cuda
