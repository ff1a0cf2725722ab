// The innermost loop of convolutions of each channel by itself. One for each kind of processor.
#pragma once

#include <cstdint>

namespace tenon::cpu {

// out[c] = the sum over i of a[i][c] * b[i][c], of `count` products in that order.
template <typename T>
using SumOfProducts = void (*)(const T* const* a, const T* const* b, int64_t count,
                               int64_t channels, T* out);

// The function for this processor. T is float or double.
template <typename T>
SumOfProducts<T> sum_of_products();

}  // namespace tenon::cpu
