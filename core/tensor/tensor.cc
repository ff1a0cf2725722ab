#include "tenon/tensor.h"

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <set>

#include "core/base/check.h"
#include "core/tensor/buffer.h"
#include "core/tensor/byte_count.h"

namespace tenon {

using internal::fail;
using internal::require;

namespace internal {

const std::string* intern_device(const std::string& name) {
  static std::mutex mutex;
  static auto* names = new std::set<std::string>;  // never destroyed: tensors may outlive statics
  std::lock_guard lock(mutex);
  return &*names->insert(name).first;
}

const std::string* host_device() {
  static const std::string* name = intern_device("/device:CPU:0");
  return name;
}

void* allocate_host(size_t bytes) {
  void* memory = nullptr;
  const size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  if (rounded < bytes || posix_memalign(&memory, kAlignment, rounded == 0 ? 1 : rounded) != 0) {
    fail<ResourceExhaustedError>(ErrorKind::resource_exhausted, "Out of memory: ", bytes,
                                 " bytes of host memory can't be had");
  }
  return memory;
}

void free_host(void* memory) noexcept { std::free(memory); }

size_t byte_count(DType dtype, const Shape& shape) {
  constexpr size_t kMost = size_t{1} << 52;
  const int64_t count = shape.element_count();
  size_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<size_t>(count), size_of(dtype), &bytes) || bytes > kMost) {
    fail<ResourceExhaustedError>(ErrorKind::resource_exhausted, "Out of memory: ", count,
                                 " elements of ", dtype, " are more than any memory holds");
  }
  return bytes;
}

Tensor uninitialized_tensor(DType dtype, const Shape& shape) {
  require<TypeError>(size_of(dtype) != 0, ErrorKind::dtype_incompatible,
                     "A tensor can't hold values of dtype ", dtype);
  require<ValueError>(shape.fully_defined(), ErrorKind::no_shape, "The shape of a tensor must be",
                      " fully defined, got ", shape);
  const int64_t count = shape.element_count();
  const size_t bytes = byte_count(dtype, shape);
  void* memory = allocate_host(bytes);
  std::function<void()> release = [memory] { free_host(memory); };
  if (dtype == DType::string) {
    auto* strings = static_cast<std::string*>(memory);
    std::uninitialized_default_construct_n(strings, count);
    release = [strings, count] {
      std::destroy_n(strings, count);
      free_host(strings);
    };
  }
  auto buffer = std::make_shared<Tensor::Buffer>(memory, bytes, host_device(), std::move(release));
  return Tensor(dtype, shape, std::move(buffer), 0);
}

}  // namespace internal

namespace {

void check_host(const Tensor& tensor) {
  // A module has names of its own: to it the tensors of the program are on another string.
  const std::string &device = tensor.device(), &host = *internal::host_device();
  require<RuntimeError>(&device == &host || device == host, ErrorKind::bad_placement,
                        "This tensor lies in memory of ", device,
                        ", which the host can't read; fetch it from a run to have a copy");
}

}  // namespace

Tensor::Tensor(DType dtype, const Shape& shape)
    : Tensor(internal::uninitialized_tensor(dtype, shape)) {
  if (dtype != DType::string) std::memset(raw(), 0, bytes());
}

Tensor::Tensor(DType dtype, Shape shape, std::shared_ptr<Buffer> buffer, size_t byte_offset)
    : buffer_(std::move(buffer)),
      offset_(byte_offset),
      count_(shape.element_count()),
      dtype_(dtype),
      shape_(std::move(shape)) {}

Tensor Tensor::adopt(DType dtype, const Shape& shape, void* data, std::function<void()> release) {
  const size_t bytes = internal::byte_count(dtype, shape);
  return Tensor(dtype, shape,
                std::make_shared<Buffer>(data, bytes, internal::host_device(), std::move(release)),
                0);
}

const std::string& Tensor::device() const noexcept {
  return buffer_ ? *buffer_->device : *internal::host_device();
}

void* Tensor::raw() const noexcept {
  return buffer_ ? static_cast<char*>(buffer_->data) + offset_ : nullptr;
}

Tensor Tensor::reshaped(const Shape& shape) const {
  check_not_empty();
  require<ValueError>(shape.element_count() == count_, ErrorKind::shape_incompatible,
                      "Cannot reshape a tensor with ", count_, " elements to shape ", shape, " (",
                      shape.element_count(), " elements)");
  return Tensor(dtype_, shape, buffer_, offset_);
}

Tensor Tensor::clone() const {
  if (!buffer_) return {};
  check_host(*this);
  Tensor copy = internal::uninitialized_tensor(dtype_, shape_);
  if (dtype_ == DType::string) {
    const auto from = data<std::string>();
    std::copy(from.begin(), from.end(), copy.mutable_data<std::string>().begin());
  } else if (bytes() != 0) {
    std::memcpy(copy.raw(), raw(), bytes());
  }
  return copy;
}

void Tensor::fail_ragged() {
  fail<ValueError>(ErrorKind::shape_incompatible, "The rows of a tensor must have one length");
}

Tensor Tensor::sized(DType dtype, const Shape& shape, size_t values) {
  require<ValueError>(shape.fully_defined(), ErrorKind::no_shape, "The shape of a tensor must be",
                      " fully defined, got ", shape);
  require<ValueError>(static_cast<size_t>(shape.element_count()) == values,
                      ErrorKind::shape_incompatible, values,
                      " values don't fill a tensor of shape ", shape);
  return internal::uninitialized_tensor(dtype, shape);
}

void Tensor::check_not_empty() const {
  require<FailedPreconditionError>(buffer_ != nullptr, ErrorKind::bad_argument,
                                   "This tensor is empty: it has never had a value, or was moved "
                                   "from");
}

void Tensor::check_dtype(DType wanted) const {
  check_not_empty();
  check_host(*this);
  require<TypeError>(wanted == dtype_, ErrorKind::dtype_incompatible, "This tensor holds ", dtype_,
                     ", not ", wanted);
}

void Tensor::check_single() const {
  check_not_empty();
  require<ValueError>(count_ == 1, ErrorKind::bad_argument,
                      "Only a tensor of one element is a scalar; this one has shape ", shape_);
}

}  // namespace tenon
