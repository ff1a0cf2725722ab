#include "cuda/sorted_rows.h"

#include <cub/device/device_radix_sort.cuh>

#include "cuda/kernel_support.h"

namespace tenon::cuda {
namespace {

template <typename Index>
__global__ void make_keys(const Index* indices, int64_t count, int64_t rows, uint64_t* keys,
                          int64_t* places) {
  for (int64_t i = first_index(); i < count; i += grid_size()) {
    const int64_t index = indices[i];
    keys[i] = static_cast<uint64_t>(index >= 0 && index < rows ? index : rows);
    places[i] = i;
  }
}

size_t aligned(size_t bytes) { return (bytes + 255) / 256 * 256; }

}  // namespace

RowSorter::RowSorter(int64_t count, int64_t rows, DType index_dtype)
    : count_(count), rows_(rows), index_dtype_(index_dtype) {
  while (bits_ < 64 && (static_cast<uint64_t>(rows) >> bits_) != 0) ++bits_;
  if (count == 0) return;
  const uint64_t* keys = nullptr;
  const int64_t* places = nullptr;
  check(cub::DeviceRadixSort::SortPairs(nullptr, sort_bytes_, keys, const_cast<uint64_t*>(keys),
                                        places, const_cast<int64_t*>(places), count, 0, bits_),
        "DeviceRadixSort::SortPairs");
}

// Keys and places before and after, and what the sorting wants.
size_t RowSorter::workspace_bytes() const {
  return 4 * aligned(static_cast<size_t>(count_) * 8) + sort_bytes_ + 256;
}

SortedRows RowSorter::sort(cudaStream_t stream, const void* indices, void* workspace) const {
  const size_t list = aligned(static_cast<size_t>(count_) * 8);
  auto* memory = reinterpret_cast<char*>(aligned(reinterpret_cast<uintptr_t>(workspace)));
  auto* keys = reinterpret_cast<uint64_t*>(memory);
  auto* sorted_keys = reinterpret_cast<uint64_t*>(memory + list);
  auto* places = reinterpret_cast<int64_t*>(memory + 2 * list);
  auto* sorted_places = reinterpret_cast<int64_t*>(memory + 3 * list);
  if (index_dtype_ == DType::int32) {
    make_keys<<<blocks_for(count_), kThreads, 0, stream>>>(static_cast<const int32_t*>(indices),
                                                           count_, rows_, keys, places);
  } else {
    make_keys<<<blocks_for(count_), kThreads, 0, stream>>>(static_cast<const int64_t*>(indices),
                                                           count_, rows_, keys, places);
  }
  check_launch("make_keys");
  size_t bytes = sort_bytes_;
  check(cub::DeviceRadixSort::SortPairs(memory + 4 * list, bytes, keys, sorted_keys, places,
                                        sorted_places, count_, 0, bits_, stream),
        "DeviceRadixSort::SortPairs");
  return {.rows = sorted_keys,
          .places = sorted_places,
          .count = count_,
          .limit = static_cast<uint64_t>(rows_)};
}

}  // namespace tenon::cuda
