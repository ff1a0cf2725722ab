#include "cpu_fallback/depthwise_kernels.h"

#include "cpu_fallback/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu_fallback/depthwise_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// V vectors of channels, so that no sum waits for the one before it.
template <typename T, int V>
HWY_INLINE void sum_vectors(const T* const* a, const T* const* b, int64_t count, int64_t first,
                            T* out) {
  const hn::CappedTag<T, 64 / sizeof(T)> d;
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  hn::Vec<decltype(d)> sums[V];
  HWY_UNROLL(4)
  for (int v = 0; v < V; ++v) sums[v] = hn::Zero(d);
  for (int64_t i = 0; i < count; ++i) {
    const T *x = a[i] + first, *y = b[i] + first;
    HWY_UNROLL(4)
    for (int v = 0; v < V; ++v) {
      const auto product = hn::Mul(hn::LoadU(d, x + v * step), hn::LoadU(d, y + v * step));
      sums[v] = hn::Add(sums[v], product);
    }
  }
  HWY_UNROLL(4)
  for (int v = 0; v < V; ++v) hn::StoreU(sums[v], d, out + first + v * step);
}

template <typename T>
void sum_products(const T* const* a, const T* const* b, int64_t count, int64_t channels, T* out) {
  const hn::CappedTag<T, 64 / sizeof(T)> d;
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  int64_t c = 0;
  for (; c + 4 * step <= channels; c += 4 * step) sum_vectors<T, 4>(a, b, count, c, out);
  for (; c + step <= channels; c += step) sum_vectors<T, 1>(a, b, count, c, out);
  for (; c < channels; ++c) {
    T sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += a[i][c] * b[i][c];
    out[c] = sum;
  }
}

// V vectors of channels of P windows: a tap of the filter is loaded once for all.
template <typename T, int P, int V>
HWY_INLINE void sum_block(const WholeWindows<T>& all, int64_t window, int64_t channel) {
  const hn::CappedTag<T, 64 / sizeof(T)> d;
  const auto vector = static_cast<int64_t>(hn::Lanes(d));
  hn::Vec<decltype(d)> sums[P][V];
  HWY_UNROLL(4)
  for (int p = 0; p < P; ++p) {
    HWY_UNROLL(2)
    for (int v = 0; v < V; ++v) sums[p][v] = hn::Zero(d);
  }
  for (int64_t tap = 0; tap < all.taps; ++tap) {
    const T *x = all.images[tap] + window * all.step + channel, *y = all.filters[tap] + channel;
    HWY_UNROLL(2)
    for (int v = 0; v < V; ++v) {
      const auto filter = hn::LoadU(d, y + v * vector);
      HWY_UNROLL(4)
      for (int p = 0; p < P; ++p) {
        const auto product = hn::Mul(hn::LoadU(d, x + p * all.step + v * vector), filter);
        sums[p][v] = hn::Add(sums[p][v], product);
      }
    }
  }
  T* out = all.out + window * all.channels + channel;
  HWY_UNROLL(4)
  for (int p = 0; p < P; ++p) {
    HWY_UNROLL(2)
    for (int v = 0; v < V; ++v) hn::StoreU(sums[p][v], d, out + p * all.channels + v * vector);
  }
}

template <typename T, int P>
void sum_channels(const WholeWindows<T>& all, int64_t window) {
  const hn::CappedTag<T, 64 / sizeof(T)> d;
  const auto vector = static_cast<int64_t>(hn::Lanes(d));
  int64_t c = 0;
  for (; c + 2 * vector <= all.channels; c += 2 * vector) sum_block<T, P, 2>(all, window, c);
  for (; c + vector <= all.channels; c += vector) sum_block<T, P, 1>(all, window, c);
  for (; c < all.channels; ++c) {
    for (int p = 0; p < P; ++p) {
      T sum = 0;
      for (int64_t tap = 0; tap < all.taps; ++tap) {
        sum += all.images[tap][(window + p) * all.step + c] * all.filters[tap][c];
      }
      all.out[(window + p) * all.channels + c] = sum;
    }
  }
}

template <typename T>
void sum_whole_windows(const WholeWindows<T>& all) {
  int64_t window = 0;
  for (; window + 4 <= all.windows; window += 4) sum_channels<T, 4>(all, window);
  for (; window < all.windows; ++window) sum_channels<T, 1>(all, window);
}

SumWindows<float> windows_of_floats() { return sum_whole_windows<float>; }
SumWindows<double> windows_of_doubles() { return sum_whole_windows<double>; }
SumOfProducts<float> of_floats() { return sum_products<float>; }
SumOfProducts<double> of_doubles() { return sum_products<double>; }

}  // namespace tenon::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {

HWY_EXPORT(of_floats);
HWY_EXPORT(of_doubles);
HWY_EXPORT(windows_of_floats);
HWY_EXPORT(windows_of_doubles);

template <>
SumOfProducts<float> sum_of_products() {
  return HWY_DYNAMIC_DISPATCH(of_floats)();
}

template <>
SumOfProducts<double> sum_of_products() {
  return HWY_DYNAMIC_DISPATCH(of_doubles)();
}

template <>
SumWindows<float> sum_windows() {
  return HWY_DYNAMIC_DISPATCH(windows_of_floats)();
}

template <>
SumWindows<double> sum_windows() {
  return HWY_DYNAMIC_DISPATCH(windows_of_doubles)();
}

}  // namespace tenon::cpu
#endif
