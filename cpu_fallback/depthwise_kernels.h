// The innermost loops of convolutions of each channel by itself. One for each kind of processor.
#pragma once

#include <cstdint>

namespace tenon::cpu {

// out[c] = the sum over i of a[i][c] * b[i][c], of `count` products in that order.
template <typename T>
using SumOfProducts = void (*)(const T* const* a, const T* const* b, int64_t count,
                               int64_t channels, T* out);

// Windows of a row that lie on the image as a whole, one filter a channel.
template <typename T>
struct WholeWindows {
  const T* const* images;   // where each tap of the first window lies
  const T* const* filters;  // of each tap
  int64_t taps;
  int64_t channels;
  int64_t windows;
  int64_t step;  // elements of the image from a window to the next
  T* out;
};
// The sums of their products, each as SumOfProducts adds it up.
template <typename T>
using SumWindows = void (*)(const WholeWindows<T>& windows);

// The functions for this processor. T is float or double.
template <typename T>
SumOfProducts<T> sum_of_products();
template <typename T>
SumWindows<T> sum_windows();

}  // namespace tenon::cpu
