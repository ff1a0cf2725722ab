// TopKV2: the largest elements of rows, by a heap of the places of the best so far, which stands in
// the output itself.
#include <algorithm>
#include <numeric>

#include "core/kernels/sort_key.h"
#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {
namespace {

// Writes the places of the k largest elements of a row, the largest first.
template <typename T>
void find_largest(const T* row, int64_t columns, int64_t k, int32_t* places) {
  const auto better = [row](int32_t a, int32_t b) {
    const uint64_t key_a = internal::sort_key(row[a]), key_b = internal::sort_key(row[b]);
    return key_a != key_b ? key_a > key_b : a < b;
  };
  std::iota(places, places + k, 0);
  if (k == 0) return;
  std::make_heap(places, places + k, better);
  for (int64_t i = k; i < columns; ++i) {
    const auto place = static_cast<int32_t>(i);
    if (!better(place, places[0])) continue;
    std::pop_heap(places, places + k, better);
    places[k - 1] = place;
    std::push_heap(places, places + k, better);
  }
  std::sort_heap(places, places + k, better);
}

template <typename T>
Kernel prepare_top_k(const KernelRequest& request) {
  const Shape& shape = request.input_shape(0);
  const int64_t columns = shape.back(), k = request.output_shape(0).back();
  const int64_t rows = count_between(shape, 0, shape.rank() - 1);
  return {.launch = [=](const Launch& args) {
    for_rows(args, rows, columns, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const T* from = args.input<T>(0) + row * columns;
        int32_t* places = args.output<int32_t>(1) + row * k;
        find_largest(from, columns, k, places);
        T* values = args.output<T>(0) + row * k;
        for (int64_t i = 0; i < k; ++i) values[i] = from[places[i]];
      }
    });
  }};
}

}  // namespace

void register_nn_top_k(KernelRegistry& kernels) {
  for_types(Numbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("TopKV2", dtype_of<T>, prepare_top_k<T>);
  });
  kernels.add("TopKV2", float16, prepare_top_k<Half>);
  kernels.add("TopKV2", bfloat16, prepare_top_k<Bfloat16>);
}

}  // namespace tenon::cpu
