// The shape of a tensor: its sizes, some of which (or their very number) may be unknown.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tenon/export.h"

namespace tenon {

inline constexpr int64_t kUnknown = -1;  // a size that isn't known yet

namespace internal {

// A shape's sizes. Up to four lie in the object itself, so that most shapes allocate nothing.
class SizeList {
 public:
  SizeList() noexcept = default;
  SizeList(const int64_t* sizes, size_t count) : count_(count), room_(std::max(count, kInside)) {
    if (count > kInside) outside_ = std::make_unique_for_overwrite<int64_t[]>(count);
    for (size_t i = 0; i < count; ++i) begin()[i] = sizes[i];
  }
  SizeList(const SizeList& other) : SizeList(other.begin(), other.count_) {}
  SizeList(SizeList&& other) noexcept { swap(other); }
  SizeList& operator=(SizeList other) noexcept {
    swap(other);
    return *this;
  }
  ~SizeList() = default;

  size_t size() const noexcept { return count_; }
  int64_t* begin() noexcept { return outside_ ? outside_.get() : inside_; }
  int64_t* end() noexcept { return begin() + count_; }
  const int64_t* begin() const noexcept { return outside_ ? outside_.get() : inside_; }
  const int64_t* end() const noexcept { return begin() + count_; }
  int64_t& operator[](size_t i) noexcept { return begin()[i]; }
  int64_t operator[](size_t i) const noexcept { return begin()[i]; }

  void push_back(int64_t size) {
    if (count_ == room_) {
      auto larger = std::make_unique_for_overwrite<int64_t[]>(2 * room_);
      std::copy(begin(), end(), larger.get());
      outside_ = std::move(larger);
      room_ *= 2;
    }
    begin()[count_++] = size;
  }

  bool operator==(const SizeList& other) const noexcept {
    return std::equal(begin(), end(), other.begin(), other.end());
  }

 private:
  static constexpr size_t kInside = 4;

  void swap(SizeList& other) noexcept {
    std::swap(inside_, other.inside_);
    std::swap(outside_, other.outside_);
    std::swap(count_, other.count_);
    std::swap(room_, other.room_);
  }

  int64_t inside_[kInside] = {};
  std::unique_ptr<int64_t[]> outside_ = {};  // all of them, once there are more
  size_t count_ = 0, room_ = kInside;
};

}  // namespace internal

// A list of sizes; {} is a scalar, {-1, 10} a matrix of an unknown number of rows,
// Shape::unknown() a tensor of unknown rank. A plain value; safe to read from any thread.
class TENON_API Shape {
 public:
  Shape() = default;  // a scalar
  Shape(std::initializer_list<int64_t> sizes) : sizes_(sizes.begin(), sizes.size()) {}
  explicit Shape(std::span<const int64_t> sizes) : sizes_(sizes.data(), sizes.size()) {}
  explicit Shape(const std::vector<int64_t>& sizes) : sizes_(sizes.data(), sizes.size()) {}
  static Shape unknown() {
    Shape shape;
    shape.known_rank_ = false;
    return shape;
  }

  bool has_rank() const noexcept { return known_rank_; }
  int rank() const noexcept { return known_rank_ ? static_cast<int>(sizes_.size()) : -1; }
  bool fully_defined() const noexcept;  // rank and every size are known

  // The size of a dimension; a negative index counts from the end. Only of a known rank.
  int64_t operator[](int dimension) const {
    return sizes_[static_cast<size_t>(dimension < 0 ? dimension + rank() : dimension)];
  }
  int64_t& operator[](int dimension) {
    return sizes_[static_cast<size_t>(dimension < 0 ? dimension + rank() : dimension)];
  }
  int64_t back() const { return sizes_[sizes_.size() - 1]; }
  std::span<const int64_t> sizes() const noexcept { return {sizes_.begin(), sizes_.size()}; }
  void push_back(int64_t size) { sizes_.push_back(size); }

  // The number of elements: the product of the sizes, 1 for a scalar. Only of a full shape.
  // Throws ValueError (bad_argument) when it overflows 64 bits.
  int64_t element_count() const;

  // Whether some full shape fits both: equal where both are known.
  bool compatible_with(const Shape& other) const noexcept;
  // What both know together. Throws ValueError (shape_incompatible) when they are not compatible.
  Shape merged_with(const Shape& other) const;

  // Equal as written: unknown sizes are equal to unknown sizes.
  bool operator==(const Shape& other) const = default;

  // "(2, 3)", "(?, 10)", "()", "<unknown>": as TensorFlow's messages write it.
  std::string to_string() const;

 private:
  internal::SizeList sizes_;
  bool known_rank_ = true;
};

TENON_API std::ostream& operator<<(std::ostream& out, const Shape& shape);

}  // namespace tenon
