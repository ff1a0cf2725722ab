// The shape of a tensor: its sizes, some of which (or their very number) may be unknown.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "tenon/export.h"
#include "tenon/inline_vector.h"

namespace tenon {

inline constexpr int64_t kUnknown = -1;  // a size that isn't known yet

// A list of sizes; {} is a scalar, {-1, 10} a matrix of an unknown number of rows,
// Shape::unknown() a tensor of unknown rank. A plain value; safe to read from any thread.
class TENON_API Shape {
 public:
  Shape() = default;  // a scalar
  Shape(std::initializer_list<int64_t> sizes) : sizes_(sizes) {}
  explicit Shape(std::span<const int64_t> sizes) : sizes_(sizes.begin(), sizes.end()) {}
  explicit Shape(const std::vector<int64_t>& sizes) : sizes_(sizes.begin(), sizes.end()) {}
  static Shape unknown() {
    Shape shape;
    shape.known_rank_ = false;
    return shape;
  }

  bool has_rank() const noexcept { return known_rank_; }
  int rank() const noexcept { return known_rank_ ? static_cast<int>(sizes_.size()) : -1; }
  bool fully_defined() const noexcept;  // rank and every size are known

  // The size of a dimension; a negative index counts from the end. Throws ValueError: no_shape of
  // an unknown rank, bad_argument for a dimension that isn't there.
  int64_t operator[](int dimension) const { return sizes_[place_of(dimension)]; }
  int64_t& operator[](int dimension) { return sizes_[place_of(dimension)]; }
  int64_t back() const { return (*this)[-1]; }
  std::span<const int64_t> sizes() const noexcept { return {sizes_.data(), sizes_.size()}; }
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
  size_t place_of(int dimension) const {
    const auto place = static_cast<size_t>(dimension < 0 ? dimension + rank() : dimension);
    if (place >= sizes_.size()) [[unlikely]]
      fail_dimension(dimension);
    return place;
  }
  [[noreturn]] void fail_dimension(int dimension) const;

  internal::InlineVector<int64_t, 4> sizes_;  // most shapes allocate nothing
  bool known_rank_ = true;
};

TENON_API std::ostream& operator<<(std::ostream& out, const Shape& shape);

}  // namespace tenon
