#include "core/graph/size_rules.h"

#include "core/base/check.h"

namespace tenon::internal {

int64_t add_sizes(int64_t a, int64_t b) {
  int64_t sum = 0;
  require<ValueError>(!__builtin_add_overflow(a, b, &sum), ErrorKind::shape_incompatible,
                      "Dimension size overflow when adding ", a, " and ", b);
  return sum;
}

int64_t subtract_sizes(int64_t a, int64_t b) {
  int64_t rest = 0;
  require<ValueError>(!__builtin_sub_overflow(a, b, &rest), ErrorKind::shape_incompatible,
                      "Dimension size overflow when subtracting ", b, " from ", a);
  return rest;
}

int64_t multiply_sizes(int64_t a, int64_t b) {
  int64_t product = 0;
  require<ValueError>(!__builtin_mul_overflow(a, b, &product), ErrorKind::shape_incompatible,
                      "Negative dimension size caused by overflow when multiplying ", a, " and ",
                      b);
  return product;
}

void check_sizes(const Shape& shape) {
  int64_t count = 1;
  bool overflows = false, is_empty = false;
  for (const int64_t size : shape.sizes()) {
    require<ValueError>(size >= kUnknown, ErrorKind::shape_incompatible, "Dimension ", size,
                        " must be >= 0");
    is_empty |= size == 0;
    if (size != kUnknown) overflows |= __builtin_mul_overflow(count, size, &count);
  }
  require<ValueError>(!overflows || is_empty, ErrorKind::shape_incompatible, "Shape ", shape,
                      " is too large (more than 2**63 - 1 entries)");
}

}  // namespace tenon::internal
