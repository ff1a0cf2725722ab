// _LinearIndices, _PartitionPlaces and Unique. What is out of range is numbered -1, or left out.
// (The CPU throws: a launch can't.)
#include <cstddef>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>

#include "core/kernels/sort_key.h"
#include "cuda/kernel_support.h"
#include "cuda/typed_access.h"

namespace tenon::cuda {
namespace {

__global__ void number_places(const void* indices, DType index_dtype, const void* sizes,
                              DType size_dtype, int64_t count, int64_t axes, int64_t* places) {
  for (int64_t i = first_index(); i < count; i += grid_size()) {
    int64_t place = 0;
    bool inside = true;
    for (int64_t axis = 0; axis < axes; ++axis) {
      const int64_t index = load_as<int64_t>(index_dtype, indices, i * axes + axis),
                    size = load_as<int64_t>(size_dtype, sizes, axis);
      inside = inside && index >= 0 && index < size;
      place = inside ? place * size + index : -1;
    }
    places[i] = inside ? place : -1;
  }
}

Kernel prepare_linear_indices(const KernelRequest& request) {
  const DType index_dtype = request.input_dtype(0), size_dtype = request.input_dtype(1);
  const int64_t axes = request.input_shape(1)[0];
  const int64_t count = request.output_shape(0).element_count();
  return {.launch = [=](const Launch& args) {
    launch_1d("number_places", args, count, number_places, args.inputs[0], index_dtype,
              args.inputs[1], size_dtype, count, axes, args.output<int64_t>(0));
  }};
}

// ---- Lists in the workspace --------------------------------------------------------------------

size_t list_bytes(int64_t count) {
  return (static_cast<size_t>(count) * sizeof(int64_t) + 255) / 256 * 256;
}

// List `index` of those of `count` numbers that the workspace begins with.
template <typename T = int64_t>
T* list_of(const Launch& args, int64_t count, int index) {
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(args.workspace) + 255) / 256 * 256;
  return reinterpret_cast<T*>(begin + static_cast<size_t>(index) * list_bytes(count));
}

size_t scan_bytes(int64_t count) {
  size_t bytes = 0;
  int64_t* list = nullptr;
  check(cub::DeviceScan::ExclusiveSum(nullptr, bytes, list, list, count), "DeviceScan");
  return bytes;
}

void sum_before(const Launch& args, int64_t count, const int64_t* flags, int64_t* sums,
                void* temporary, size_t bytes) {
  check(cub::DeviceScan::ExclusiveSum(temporary, bytes, flags, sums, count, stream(args)),
        "DeviceScan");
}

// ---- Partitions --------------------------------------------------------------------------------

__global__ void flag_partition(const int32_t* numbers, int64_t count, int64_t partition,
                               int64_t* flags) {
  for (int64_t i = first_index(); i < count; i += grid_size()) {
    flags[i] = numbers[i] == partition ? 1 : 0;
  }
}

__global__ void list_partition(const int64_t* flags, const int64_t* before, int64_t count,
                               int64_t* places, int64_t room) {
  for (int64_t i = first_index(); i < count; i += grid_size()) {
    if (flags[i] != 0 && before[i] < room) places[before[i]] = i;
  }
}

// How many places there are is known when planning.
Kernel prepare_partition_places(const KernelRequest& request) {
  const int64_t count = request.input_shape(0)[0], room = request.output_shape(0)[0];
  const auto partition = request.attrs->get<int64_t>("partition");
  const size_t bytes = scan_bytes(count);
  return {.workspace_bytes = 2 * list_bytes(count) + bytes + 256,
          .launch = [=](const Launch& args) {
            if (count == 0 || room == 0) return;
            int64_t *flags = list_of(args, count, 0), *before = list_of(args, count, 1);
            launch_1d("flag_partition", args, count, flag_partition, args.input<int32_t>(0), count,
                      partition, flags);
            sum_before(args, count, flags, before, list_of(args, count, 2), bytes);
            launch_1d("list_partition", args, count, list_partition, flags, before, count,
                      args.output<int64_t>(0), room);
          }};
}

// ---- Unique ------------------------------------------------------------------------------------

template <typename T>
__global__ void make_unique_keys(const T* x, int64_t count, uint64_t* keys, int64_t* places) {
  for (int64_t i = first_index(); i < count; i += grid_size()) {
    keys[i] = internal::sort_key(x[i]);
    places[i] = i;
  }
}

// Of sorted keys: 1 where another one begins.
__global__ void flag_runs(const uint64_t* keys, int64_t count, int64_t* flags) {
  for (int64_t i = first_index(); i < count; i += grid_size()) {
    flags[i] = i == 0 || keys[i] != keys[i - 1] ? 1 : 0;
  }
}

// Where each run begins: run_starts[number of the run]. runs[i] counts the runs that began before
// i.
__global__ void note_starts(const int64_t* flags, const int64_t* runs, int64_t count,
                            int64_t* run_starts) {
  for (int64_t i = first_index(); i < count; i += grid_size()) {
    if (flags[i] != 0) run_starts[runs[i]] = i;
  }
}

// firsts[place] becomes the place of the first element that equals the one there.
__global__ void note_firsts(const int64_t* flags, const int64_t* runs, const int64_t* run_starts,
                            const int64_t* places, int64_t count, int64_t* firsts) {
  for (int64_t i = first_index(); i < count; i += grid_size()) {
    const int64_t run = flags[i] != 0 ? runs[i] : runs[i] - 1;
    firsts[places[i]] = places[run_starts[run]];
  }
}

__global__ void flag_firsts(const int64_t* firsts, int64_t count, int64_t* flags) {
  for (int64_t i = first_index(); i < count; i += grid_size()) flags[i] = firsts[i] == i ? 1 : 0;
}

template <typename T, typename Index>
__global__ void write_unique(const T* x, const int64_t* firsts, const int64_t* before,
                             int64_t count, int64_t room, T* y, Index* numbers) {
  for (int64_t i = first_index(); i < count; i += grid_size()) {
    const int64_t number = before[firsts[i]];
    numbers[i] = static_cast<Index>(number);
    if (firsts[i] == i && number < room) y[number] = x[i];
  }
}

// Equals are brought side by side by a sort that keeps their order.
template <typename T, typename Index>
Kernel prepare_unique_by(const KernelRequest& request) {
  const int64_t count = request.input_shape(0)[0], room = request.output_shape(0)[0];
  size_t sort_bytes = 0;
  uint64_t* const no_keys = nullptr;
  int64_t* const no_places = nullptr;
  check(cub::DeviceRadixSort::SortPairs(nullptr, sort_bytes, no_keys, no_keys, no_places, no_places,
                                        count),
        "DeviceRadixSort::SortPairs");
  const size_t bytes = std::max(sort_bytes, scan_bytes(count));
  return {
      .workspace_bytes = 6 * list_bytes(count) + bytes + 256, .launch = [=](const Launch& args) {
        if (count == 0) return;
        auto *keys = list_of<uint64_t>(args, count, 0),
             *sorted_keys = list_of<uint64_t>(args, count, 1);
        int64_t *places = list_of(args, count, 2), *sorted_places = list_of(args, count, 3);
        int64_t *flags = list_of(args, count, 4), *runs = list_of(args, count, 5);
        void* temporary = list_of(args, count, 6);
        launch_1d("make_unique_keys", args, count, make_unique_keys<T>, args.input<T>(0), count,
                  keys, places);
        size_t room_to_sort = bytes;
        check(cub::DeviceRadixSort::SortPairs(temporary, room_to_sort, keys, sorted_keys, places,
                                              sorted_places, count, 0, 64, stream(args)),
              "DeviceRadixSort::SortPairs");
        launch_1d("flag_runs", args, count, flag_runs, sorted_keys, count, flags);
        sum_before(args, count, flags, runs, temporary, bytes);
        // What is read no more makes room.
        auto *starts = reinterpret_cast<int64_t*>(keys), *firsts = places;
        launch_1d("note_starts", args, count, note_starts, flags, runs, count, starts);
        launch_1d("note_firsts", args, count, note_firsts, flags, runs, starts, sorted_places,
                  count, firsts);
        launch_1d("flag_firsts", args, count, flag_firsts, firsts, count, flags);
        sum_before(args, count, flags, runs, temporary, bytes);
        launch_1d("write_unique", args, count, write_unique<T, Index>, args.input<T>(0), firsts,
                  runs, count, room, args.output<T>(0), args.output<Index>(1));
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
  for_types(AllNumbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("Unique", kDType<T>, prepare_unique<T>);
  });
  kernels.add("Unique", bool_, prepare_unique<bool>);
}

}  // namespace tenon::cuda
