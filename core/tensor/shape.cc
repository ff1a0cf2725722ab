#include "tenon/shape.h"

#include <algorithm>
#include <ostream>

#include "core/base/check.h"

namespace tenon {

using internal::fail;

bool Shape::fully_defined() const noexcept {
  return known_rank_ &&
         std::all_of(sizes_.begin(), sizes_.end(), [](int64_t size) { return size >= 0; });
}

int64_t Shape::element_count() const {
  int64_t count = 1;
  bool overflows = false;
  for (const int64_t size : sizes_) {
    if (size == 0) return 0;
    overflows |= __builtin_mul_overflow(count, size, &count);
  }
  internal::require<ValueError>(fully_defined(), ErrorKind::no_shape, "Shape ", *this,
                                " must be fully defined");
  internal::require<ValueError>(!overflows, ErrorKind::bad_argument, "Shape ", *this,
                                " has more elements than 64 bits can count");
  return count;
}

bool Shape::compatible_with(const Shape& other) const noexcept {
  if (!known_rank_ || !other.known_rank_) return true;
  if (sizes_.size() != other.sizes_.size()) return false;
  for (size_t i = 0; i < sizes_.size(); ++i) {
    if (sizes_[i] >= 0 && other.sizes_[i] >= 0 && sizes_[i] != other.sizes_[i]) return false;
  }
  return true;
}

Shape Shape::merged_with(const Shape& other) const {
  if (!compatible_with(other)) {
    fail<ValueError>(ErrorKind::shape_incompatible, "Shapes ", *this, " and ", other,
                     " are not compatible");
  }
  if (!known_rank_) return other;
  if (!other.known_rank_) return *this;
  Shape merged = *this;
  for (size_t i = 0; i < sizes_.size(); ++i) {
    if (merged.sizes_[i] < 0) merged.sizes_[i] = other.sizes_[i];
  }
  return merged;
}

std::string Shape::to_string() const {
  if (!known_rank_) return "<unknown>";
  std::string text = "(";
  for (size_t i = 0; i < sizes_.size(); ++i) {
    if (i != 0) text += ", ";
    text += sizes_[i] < 0 ? "?" : std::to_string(sizes_[i]);
  }
  if (sizes_.size() == 1) text += ",";
  return text + ")";
}

void Shape::fail_dimension(int dimension) const {
  internal::require<ValueError>(known_rank_, ErrorKind::no_shape, "There is no size of dimension ",
                                dimension, " of a shape of unknown rank");
  internal::fail<ValueError>(ErrorKind::bad_argument, "The shape ", *this, " has no dimension ",
                             dimension);
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << shape.to_string(); }

}  // namespace tenon
