// Tensor: values in memory.
//
//   Tensor a(1.0f);                                   // a scalar
//   Tensor b({{1.0f, 2.0f}, {3.0f, 4.0f}});           // a float32 matrix
//   Tensor c = Tensor::from<float>(numbers, {4, 10}); // a copy of the caller's numbers
//   for (float x : b.data<float>()) ...               // row-major
#pragma once

#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenon/dtype.h"
#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/shape.h"

namespace tenon {

template <Element T>
class ElementsOfTemporary;

namespace internal {

template <typename T>
concept FloatElement = Element<T> && std::is_floating_point_v<T>;
template <typename T>
concept RealElement = Element<T> && std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

}  // namespace internal

// A dtype, a shape and a shared buffer that holds the elements row-major. Copies share the buffer.
//
// A tensor in a GPU's memory (RunOptions::keep_on_device, cuda::wrap in tenon/cuda.h) has all but
// its elements at hand: raw() is their address on the GPU, and what reads or writes them here
// (data(), mutable_data(), scalar(), clone()) throws RuntimeError (bad_placement), naming the GPU.
// A run that it is fed to and fetched from gives a copy on the host.
//
// A tensor that was moved from is empty, as a default-constructed one: what asks for its elements
// throws FailedPreconditionError (bad_argument).
//
// Thread-safety: as a shared_ptr. Different handles may be used from different threads; writing
// elements while another thread reads them is the caller's to prevent.
class TENON_API Tensor {
 public:
  Tensor() = default;  // empty: no dtype, no values; !tensor is true
  Tensor(const Tensor&) = default;
  Tensor& operator=(const Tensor&) = default;
  Tensor(Tensor&& other) noexcept
      : buffer_(std::move(other.buffer_)),
        offset_(std::exchange(other.offset_, 0)),
        count_(std::exchange(other.count_, 0)),
        dtype_(std::exchange(other.dtype_, DType::invalid)),
        shape_(std::exchange(other.shape_, Shape())) {}
  Tensor& operator=(Tensor&& other) noexcept {
    buffer_ = std::move(other.buffer_);
    offset_ = std::exchange(other.offset_, 0);
    count_ = std::exchange(other.count_, 0);
    dtype_ = std::exchange(other.dtype_, DType::invalid);
    shape_ = std::exchange(other.shape_, Shape());
    return *this;
  }
  ~Tensor() = default;

  // Host memory of its own for a full shape, elements zero ("" for strings).
  // Throws ValueError (no_shape) for a shape not fully known or with negative sizes,
  // ResourceExhaustedError when there is no such memory.
  Tensor(DType dtype, const Shape& shape);

  template <Element T>
  Tensor(T value) : Tensor(dtype_of<T>, Shape{}) {
    *mutable_data<T>().data() = value;
  }
  Tensor(const char* value) : Tensor(std::string(internal::not_null(value))) {}
  template <Element T>
  Tensor(std::initializer_list<T> values)
      : Tensor(from<T>(std::vector<T>(values), {static_cast<int64_t>(values.size())})) {}
  // Throws ValueError (shape_incompatible) when the rows differ in length.
  template <Element T>
  Tensor(std::initializer_list<std::initializer_list<T>> rows)
      : Tensor(from<T>(joined<T>(rows),
                       {static_cast<int64_t>(rows.size()),
                        rows.size() == 0 ? 0 : static_cast<int64_t>(rows.begin()->size())})) {}

  // A copy of the values: a vector, or a matrix (throws as of rows that differ above).
  template <Element T>
  Tensor(const std::vector<T>& values)
      : Tensor(from<T>(values, {static_cast<int64_t>(values.size())})) {}
  template <Element T>
  Tensor(const std::vector<std::vector<T>>& rows)
      : Tensor(from<T>(joined<T>(rows),
                       {static_cast<int64_t>(rows.size()),
                        rows.empty() ? 0 : static_cast<int64_t>(rows.front().size())})) {}

  // A copy of `values`, whose number must be the shape's (else ValueError, shape_incompatible).
  template <Element T>
  static Tensor from(std::span<const T> values, const Shape& shape) {
    Tensor tensor = sized(dtype_of<T>, shape, values.size());
    std::span<T> to = tensor.mutable_data<T>();
    for (size_t i = 0; i < to.size(); ++i) to[i] = values[i];
    return tensor;
  }
  template <Element T>
  static Tensor from(const std::vector<T>& values, const Shape& shape) {
    Tensor tensor = sized(dtype_of<T>, shape, values.size());
    std::span<T> to = tensor.mutable_data<T>();
    for (size_t i = 0; i < to.size(); ++i) to[i] = values[i];
    return tensor;
  }
  template <Element T>
  static Tensor from(const T* values, const Shape& shape) {
    return from<T>(std::span<const T>(values, static_cast<size_t>(shape.element_count())), shape);
  }

  // Tensors of a full shape with these elements, as NumPy's functions of these names; `full` has
  // the one element of `value` everywhere. Throw as the first constructor; `ones` TypeError
  // (dtype_incompatible) of strings, `full` ValueError (bad_argument) for more than one element.
  static Tensor zeros(const Shape& shape, DType dtype = float32);
  static Tensor ones(const Shape& shape, DType dtype = float32);
  static Tensor full(const Shape& shape, const Tensor& value);
  // start, start + step, ... before stop: arange(3) is {0, 1, 2}, arange(1.0f, 0.0f, -0.5f) is
  // {1, 0.5}. Throws ValueError (bad_argument) for a step of 0.
  template <internal::RealElement T>
  static Tensor arange(T start, T stop, T step = 1);
  template <internal::RealElement T>
  static Tensor arange(T stop) {
    return arange(T{0}, stop);
  }
  // Random numbers of float or double, evenly in [minval, maxval) or normally distributed: the same
  // for the same seed, those that the operations random_uniform and random_normal with that seed
  // draw first in a graph that has none.
  template <internal::FloatElement T = float>
  static Tensor random_uniform(const Shape& shape, int64_t seed, T minval = 0, T maxval = 1);
  template <internal::FloatElement T = float>
  static Tensor random_normal(const Shape& shape, int64_t seed, T mean = 0, T stddev = 1);

  // A view of memory that the caller owns, without a copy. `release` is called when the last handle
  // dies; it may be empty. The memory holds the shape's elements, aligned for one element.
  static Tensor adopt(DType dtype, const Shape& shape, void* data, std::function<void()> release);

  explicit operator bool() const noexcept { return buffer_ != nullptr; }
  DType dtype() const noexcept { return dtype_; }
  const Shape& shape() const noexcept { return shape_; }
  int64_t element_count() const noexcept { return count_; }
  size_t bytes() const noexcept { return static_cast<size_t>(count_) * size_of(dtype_); }
  // Where the elements lie: "/device:CPU:0" for host memory.
  const std::string& device() const noexcept;

  // The elements, good as long as a handle to the tensor lives. Throws TypeError
  // (dtype_incompatible) when T is not the tensor's dtype, RuntimeError (bad_placement) when they
  // aren't in the host's memory.
  template <Element T>
  std::span<const T> data() const& {
    check_dtype(dtype_of<T>);
    return {static_cast<const T*>(raw()), static_cast<size_t>(count_)};
  }
  // Of a tensor without a name only single elements can be had: session.run(y).data<float>()[0].
  // A loop over them needs the tensor kept: Tensor value = session.run(y);
  template <Element T>
  ElementsOfTemporary<T> data() const&&;
  template <Element T>
  std::span<T> mutable_data() & {
    check_dtype(dtype_of<T>);
    return {static_cast<T*>(raw()), static_cast<size_t>(count_)};
  }
  template <Element T>
  std::span<T> mutable_data() && = delete;  // the elements would be gone with the tensor
  // A copy of the elements. Throws as data().
  template <Element T>
  std::vector<T> to_vector() const {
    const std::span<const T> elements = data<T>();
    return {elements.begin(), elements.end()};
  }
  // The value of a scalar, or of a tensor of one element (else ValueError, bad_argument).
  template <Element T>
  T scalar() const {
    check_single();
    return data<T>()[0];
  }
  // The first element, in whatever memory it lies; null when empty.
  void* raw() const noexcept;

  // The same elements under another shape of as many (else ValueError, shape_incompatible).
  Tensor reshaped(const Shape& shape) const;
  // A copy with memory of its own. Throws RuntimeError (bad_placement) when the elements aren't in
  // the host's memory.
  Tensor clone() const;

  // Whether dtype, shape and all elements are the same; as ever NaN isn't the same as NaN. Empty
  // tensors are equal. Throws RuntimeError (bad_placement) where both could be and one is in a
  // GPU's memory.
  bool operator==(const Tensor& other) const;
  // The same, but floating elements x and y may differ by atol + rtol * |y|.
  bool allclose(const Tensor& other, double rtol = 1e-5, double atol = 1e-8) const;

  // Internal: a view into a buffer (core/tensor/buffer.h) from a byte offset on.
  struct Buffer;
  Tensor(DType dtype, Shape shape, std::shared_ptr<Buffer> buffer, size_t byte_offset);
  const std::shared_ptr<Buffer>& buffer() const noexcept { return buffer_; }
  size_t byte_offset() const noexcept { return offset_; }
  // Internal: becomes empty, but for the memory of its sizes, which the next assignment uses.
  void drop_buffer() noexcept { buffer_.reset(); }

 private:
  template <typename T, typename Rows>
  static std::vector<T> joined(const Rows& rows) {
    std::vector<T> all;
    for (const auto& row : rows) {
      if (row.size() != rows.begin()->size()) fail_ragged();
      all.insert(all.end(), row.begin(), row.end());
    }
    return all;
  }
  [[noreturn]] static void fail_ragged();
  static Tensor sized(DType dtype, const Shape& shape, size_t values);
  void check_not_empty() const;
  void check_dtype(DType wanted) const;
  void check_single() const;
  bool is_like(const Tensor& other) const;  // by dtype and shape, in the host's memory

  std::shared_ptr<Buffer> buffer_;
  size_t offset_ = 0;
  int64_t count_ = 0;
  DType dtype_ = DType::invalid;
  Shape shape_;
};

// The elements of a tensor that has no name. It keeps them, so that it may be kept itself; it is no
// range, so that no loop and no span outlives what it goes over.
template <Element T>
class ElementsOfTemporary {
 public:
  explicit ElementsOfTemporary(Tensor tensor) : tensor_(std::move(tensor)) {}
  T operator[](size_t i) const { return tensor_.data<T>()[i]; }
  size_t size() const { return tensor_.data<T>().size(); }

 private:
  Tensor tensor_;
};

template <Element T>
ElementsOfTemporary<T> Tensor::data() const&& {
  check_dtype(dtype_of<T>);
  return ElementsOfTemporary<T>(*this);
}

// The values as NumPy prints them: "[[1 2]\n [3 4]]"; long axes are shortened. Of a tensor
// in a GPU's memory: "<float32 (2, 3) on /device:GPU:0>".
TENON_API std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

}  // namespace tenon
