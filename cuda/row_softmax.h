// exp(x - max) over a row, by one team: what softmax and its losses are made of.
#pragma once

#include "cuda/kernel_support.h"

namespace tenon::cuda {

template <typename C>
struct RowSums {
  C max;
  double sum;  // of exp(x - max)
};

// x(i) gives element i of the row.
template <typename C, class X>
__device__ RowSums<C> sum_row(const Team& team, int64_t count, X x) {
  C max = -std::numeric_limits<C>::infinity();
  for (int64_t i = team.rank(); i < count; i += team.size()) max = scalar::Maximum()(max, x(i));
  max = team.reduce(max, scalar::Maximum());
  double sum = 0;
  for (int64_t i = team.rank(); i < count; i += team.size()) {
    sum += static_cast<double>(scalar::Exp()(x(i) - max));
  }
  return {max, team.reduce(sum, scalar::Add())};
}

}  // namespace tenon::cuda
