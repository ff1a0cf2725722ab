// The memory behind tensors.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tenon/tensor.h"

namespace tenon {

// Some bytes on one device, and what to call when nobody needs them any more.
struct Tensor::Buffer {
  Buffer(void* memory, size_t size, const std::string* on, std::function<void()> free)
      : data(memory), bytes(size), device(on), release(std::move(free)) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() {
    if (release) release();
  }

  void* data;
  size_t bytes;
  const std::string* device;  // interned (device_name_of), lives for ever
  std::function<void()> release;
};

namespace internal {

// The one string equal to `name`, kept for the life of the process.
const std::string* intern_device(const std::string& name);
const std::string* host_device();  // "/device:CPU:0"

inline constexpr size_t kAlignment = 64;  // of every buffer that Tenon allocates

// 64-byte aligned, uninitialised memory. Throws ResourceExhaustedError naming the size.
void* allocate_host(size_t bytes);
void free_host(void* memory) noexcept;

// A host tensor whose elements are not set (strings are empty).
Tensor uninitialized_tensor(DType dtype, const Shape& shape);

}  // namespace internal
}  // namespace tenon
