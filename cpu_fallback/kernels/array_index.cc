// _LinearIndices, _PartitionPlaces and Unique.
#include <algorithm>
#include <numeric>
#include <string>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/kernels/distinction_key.h"
#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {
namespace {

template <typename Index>
std::string listed(const Index* numbers, int64_t count) {
  std::string text;
  for (int64_t i = 0; i < count; ++i) text += internal::str(i == 0 ? "" : ", ", numbers[i]);
  return text;
}

// place * size + index; sizes may be anything, so that it wraps where they are too large.
int64_t within(int64_t place, int64_t size, int64_t index) {
  return static_cast<int64_t>(static_cast<uint64_t>(place) * static_cast<uint64_t>(size) +
                              static_cast<uint64_t>(index));
}

// Throws InvalidArgumentError (index_out_of_range).
template <typename Index, typename Size>
void number_places(const Index* indices, const Size* sizes, int64_t count, int64_t axes,
                   bool ordered, int64_t* places) {
  for (int64_t i = 0; i < count; ++i) {
    const Index* index = indices + i * axes;
    bool inside = true;
    int64_t place = 0;
    for (int64_t axis = 0; axis < axes; ++axis) {
      inside = inside && index[axis] >= 0 && index[axis] < sizes[axis];
      if (inside) place = within(place, sizes[axis], index[axis]);
    }
    require(inside, ErrorKind::index_out_of_range, "indices[", i, "] = [", listed(index, axes),
            "] does not index into shape [", listed(sizes, axes), "]");
    require(!ordered || i == 0 || places[i - 1] != place, ErrorKind::index_out_of_range, "indices[",
            i, "] = [", listed(index, axes), "] is repeated");
    require(!ordered || i == 0 || places[i - 1] < place, ErrorKind::index_out_of_range, "indices[",
            i, "] = [", listed(index, axes), "] is out of order");
    places[i] = place;
  }
}

template <typename Index, typename Size>
Kernel prepare_linear_indices_by(const KernelRequest& request) {
  const int64_t axes = request.input_shape(1)[0];
  const int64_t count = request.output_shape(0).element_count();
  const bool ordered = request.attrs->get_or("ordered", false);
  return {.launch = [=](const Launch& args) {
    number_places(args.input<Index>(0), args.input<Size>(1), count, axes, ordered,
                  args.output<int64_t>(0));
  }};
}

template <typename Index>
Kernel prepare_linear_indices_of(const KernelRequest& request) {
  return request.input_dtype(1) == int32 ? prepare_linear_indices_by<Index, int32_t>(request)
                                         : prepare_linear_indices_by<Index, int64_t>(request);
}

Kernel prepare_linear_indices(const KernelRequest& request) {
  return request.input_dtype(0) == int32 ? prepare_linear_indices_of<int32_t>(request)
                                         : prepare_linear_indices_of<int64_t>(request);
}

Kernel prepare_partition_places(const KernelRequest& request) {
  const int64_t count = request.input_shape(0)[0];
  const auto partition = request.attrs->get<int64_t>("partition"),
             partitions = request.attrs->get<int64_t>("num_partitions");
  return {.launch = [=](const Launch& args) {
    const auto* numbers = args.input<int32_t>(0);
    auto* places = args.output<int64_t>(0);
    for (int64_t i = 0; i < count; ++i) {
      require(numbers[i] >= 0 && numbers[i] < partitions, ErrorKind::index_out_of_range,
              "partitions[", i, "] = ", numbers[i], " is not in [0, ", partitions, ")");
      if (numbers[i] == partition) *places++ = i;
    }
  }};
}

// Elements that are equal stand side by side in `order`, in their own order; numbers[i] becomes the
// place of the first one that equals element i.
template <typename T>
void find_first_equals(const T* x, int64_t count, int64_t* order, int64_t* firsts) {
  std::iota(order, order + count, int64_t{0});
  std::sort(order, order + count, [x](int64_t a, int64_t b) {
    const auto key_a = internal::distinction_key(x[a]), key_b = internal::distinction_key(x[b]);
    return key_a != key_b ? key_a < key_b : a < b;
  });
  for (int64_t i = 0; i < count; ++i) {
    const bool same = i > 0 && internal::distinction_key(x[order[i]]) ==
                                   internal::distinction_key(x[order[i - 1]]);
    firsts[order[i]] = same ? firsts[order[i - 1]] : order[i];
  }
}

template <typename T, typename Index>
Kernel prepare_unique_by(const KernelRequest& request) {
  const int64_t count = request.input_shape(0)[0];
  return {.workspace_bytes = static_cast<size_t>(2 * count) * sizeof(int64_t),
          .launch = [count](const Launch& args) {
            const T* x = args.input<T>(0);
            auto* order = static_cast<int64_t*>(args.workspace);
            int64_t* firsts = order + count;
            find_first_equals(x, count, order, firsts);
            T* y = args.output<T>(0);
            auto* numbers = args.output<Index>(1);
            Index next = 0;
            for (int64_t i = 0; i < count; ++i) {
              if (firsts[i] == i) {
                y[next] = x[i];
                numbers[i] = next++;
              } else {
                numbers[i] = numbers[firsts[i]];
              }
            }
          }};
}

template <typename T>
Kernel prepare_unique(const KernelRequest& request) {
  return request.output_dtype(1) == int32 ? prepare_unique_by<T, int32_t>(request)
                                          : prepare_unique_by<T, int64_t>(request);
}

}  // namespace

void register_array_index(KernelRegistry& kernels) {
  kernels.add("_LinearIndices", DType::invalid, prepare_linear_indices);
  kernels.add("_PartitionPlaces", DType::invalid, prepare_partition_places);
  for_types(Numbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("Unique", dtype_of<T>, prepare_unique<T>);
  });
  kernels.add("Unique", float16, prepare_unique<Half>);
  kernels.add("Unique", bfloat16, prepare_unique<Bfloat16>);
  kernels.add("Unique", bool_, prepare_unique<bool>);
  kernels.add("Unique", DType::string, prepare_unique<std::string>);
}

}  // namespace tenon::cpu
