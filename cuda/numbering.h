// How the elements of a tensor [outer, rows, columns, last] are numbered. Only for .cu files.
#pragma once

#include "cuda/offsets.h"

namespace tenon::cuda {

struct Numbering {
  int64_t size;  // elements
  Divider last, columns, rows;
};

inline Numbering numbering(int64_t outer, int64_t rows, int64_t columns, int64_t last) {
  const int64_t size = outer * rows * columns * last;
  return {size, Divider(last, size), Divider(columns, size), Divider(rows, size)};
}

struct Place {
  int64_t outer, row, column, last;
};

__device__ inline Place place_of(const Numbering& numbers, int64_t index) {
  Place place = {};
  place.last = index;
  place.column = numbers.last.split(place.last);
  place.row = numbers.columns.split(place.column);
  place.outer = numbers.rows.split(place.row);
  return place;
}

}  // namespace tenon::cuda
