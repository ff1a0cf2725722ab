#include "cpu_fallback/gemm_kernels.h"

#include <algorithm>
#include <cstring>

#include "cpu_fallback/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu_fallback/gemm_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
//
#include "cpu_fallback/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu::HWY_NAMESPACE {

using internal::Activation;

// Tiles of 12x2 vectors need 27 registers; with 16 there is room for 6x2.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr int kTileRows = 12;
#else
constexpr int kTileRows = 6;
#endif

template <typename T>
using Tag = hn::CappedTag<T, 64 / sizeof(T)>;

template <typename T>
constexpr int kLanes = static_cast<int>(hn::MaxLanes(Tag<T>()));
template <typename T>
constexpr int kTileColumns = 2 * kLanes<T>;

// R rows and V vectors of columns. The accumulators live in registers; depth is added up in order,
// so that an element of C has the same bits in whatever tile it lies.
template <typename T, int R, int V, PanelLayout kLayout>
HWY_INLINE void multiply_tile(const TileRows<T>& tile, const T* HWY_RESTRICT b, T* c,
                              int64_t c_stride, bool accumulate) {
  const Tag<T> d;
  constexpr int kStep = kLanes<T>;
  hn::Vec<Tag<T>> sums[R][V];
  HWY_UNROLL(12)
  for (int r = 0; r < R; ++r) {
    HWY_UNROLL(2)
    for (int v = 0; v < V; ++v) sums[r][v] = hn::Zero(d);
  }
  const int64_t depth = tile.depth, a_stride = tile.a_stride, b_stride = tile.b_stride;
  const int64_t a_step = kLayout == PanelLayout::kRows ? 1 : a_stride;
  const int64_t row_step = kLayout == PanelLayout::kRows ? a_stride : 1;
  // A pointer for each three rows: the processor adds a stride or two by itself.
  constexpr int kPointers = (R + 2) / 3;
  const T* HWY_RESTRICT a[kPointers];
  for (int i = 0; i < kPointers; ++i) a[i] = tile.a + 3 * i * row_step;
  for (int64_t k = 0; k < depth; ++k) {
    hn::Vec<Tag<T>> columns[V];
    HWY_UNROLL(2)
    for (int v = 0; v < V; ++v) columns[v] = hn::LoadU(d, b + v * kStep);
    HWY_UNROLL(12)
    for (int r = 0; r < R; ++r) {
      const auto x = hn::Set(d, a[r / 3][r % 3 * row_step]);
      HWY_UNROLL(2)
      for (int v = 0; v < V; ++v) sums[r][v] = hn::MulAdd(x, columns[v], sums[r][v]);
    }
    for (int i = 0; i < kPointers; ++i) a[i] += a_step;
    b += b_stride;
  }
  HWY_UNROLL(12)
  for (int r = 0; r < R; ++r) {
    HWY_UNROLL(2)
    for (int v = 0; v < V; ++v) {
      T* at = c + r * c_stride + v * kStep;
      hn::StoreU(accumulate ? hn::Add(hn::LoadU(d, at), sums[r][v]) : sums[r][v], d, at);
    }
  }
}

// The tile at the matrix's edge is computed whole, beside it, and what lies inside is taken.
template <typename T, int R, int V, PanelLayout kLayout>
void multiply_panel(const TileRows<T>& tile, const T* b, int64_t columns, T* c) {
  if (tile.rows == R && columns == V * kLanes<T>) {
    multiply_tile<T, R, V, kLayout>(tile, b, c, tile.c_stride, tile.accumulate);
    return;
  }
  constexpr int kStride = V * kLanes<T>;
  HWY_ALIGN T whole[R * kStride] = {};
  multiply_tile<T, R, V, kLayout>(tile, b, whole, kStride, false);
  const int64_t inside = std::min<int64_t>(columns, kStride);
  const int rows = std::min(tile.rows, R);
  for (int r = 0; r < rows; ++r) {
    T* to = c + r * tile.c_stride;
    const T* from = whole + r * kStride;
    if (tile.accumulate) {
      for (int64_t n = 0; n < inside; ++n) to[n] += from[n];
    } else {
      for (int64_t n = 0; n < inside; ++n) to[n] = from[n];
    }
  }
}

template <typename T, int R, PanelLayout kLayout>
void multiply_panels(const TileRows<T>& tile) {
  const T* b = tile.b;
  for (int64_t n = 0; n < tile.columns; n += kTileColumns<T>, b += tile.panel_step) {
    const int64_t columns = std::min<int64_t>(kTileColumns<T>, tile.columns - n);
    if (columns <= kLanes<T>) {
      multiply_panel<T, R, 1, kLayout>(tile, b, columns, tile.c + n);
    } else {
      multiply_panel<T, R, 2, kLayout>(tile, b, columns, tile.c + n);
    }
  }
}

template <typename T, PanelLayout kLayout>
void multiply_rows(const TileRows<T>& tile) {
  if (tile.rows <= 1) return multiply_panels<T, 1, kLayout>(tile);
  if (tile.rows <= 2) return multiply_panels<T, 2, kLayout>(tile);
  if (tile.rows <= 4) return multiply_panels<T, 4, kLayout>(tile);
  if constexpr (kTileRows > 6) {
    if (tile.rows <= 6) return multiply_panels<T, 6, kLayout>(tile);
    if (tile.rows <= 8) return multiply_panels<T, 8, kLayout>(tile);
  }
  return multiply_panels<T, kTileRows, kLayout>(tile);
}

template <typename T>
void multiply(const TileRows<T>& tile) {
  if (tile.layout == PanelLayout::kRows) {
    multiply_rows<T, PanelLayout::kRows>(tile);
  } else {
    multiply_rows<T, PanelLayout::kDepth>(tile);
  }
}

// Writes the transposed of a square of 4x4 floats.
#if HWY_TARGET != HWY_SCALAR
HWY_INLINE void transpose_square(const float* from, int64_t stride, float* to, int64_t to_stride) {
  const hn::FixedTag<float, 4> d;
  const auto a = hn::LoadU(d, from), b = hn::LoadU(d, from + stride);
  const auto c = hn::LoadU(d, from + 2 * stride), e = hn::LoadU(d, from + 3 * stride);
  const auto low = hn::InterleaveLower(d, a, c), low2 = hn::InterleaveLower(d, b, e);
  const auto high = hn::InterleaveUpper(d, a, c), high2 = hn::InterleaveUpper(d, b, e);
  hn::StoreU(hn::InterleaveLower(d, low, low2), d, to);
  hn::StoreU(hn::InterleaveUpper(d, low, low2), d, to + to_stride);
  hn::StoreU(hn::InterleaveLower(d, high, high2), d, to + 2 * to_stride);
  hn::StoreU(hn::InterleaveUpper(d, high, high2), d, to + 3 * to_stride);
}
#else
inline void transpose_square(const float* from, int64_t stride, float* to, int64_t to_stride) {
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 4; ++j) to[j * to_stride + i] = from[i * stride + j];
  }
}
#endif
inline void transpose_square(const double* from, int64_t stride, double* to, int64_t to_stride) {
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 4; ++j) to[j * to_stride + i] = from[i * stride + j];
  }
}

// Packs kTileColumns columns of a transposed chunk, whose columns lie `stride` apart.
template <typename T>
void pack_transposed_panel(const T* b, int64_t stride, int64_t depth, int64_t columns, T* panel) {
  constexpr int64_t kSide = 64 / sizeof(T);  // a cache line of each column at a time
  constexpr int64_t kWidth = kTileColumns<T>;
  for (int64_t k0 = 0; k0 < depth; k0 += kSide) {
    const int64_t k1 = std::min(depth, k0 + kSide);
    int64_t done = 0;
    for (; k1 - k0 == kSide && done + 4 <= columns; done += 4) {
      for (int64_t k = k0; k < k1; k += 4) {
        transpose_square(b + done * stride + k, stride, panel + k * kWidth + done, kWidth);
      }
    }
    for (int64_t n = done; n < columns; ++n) {
      const T* from = b + n * stride;
      for (int64_t k = k0; k < k1; ++k) panel[k * kWidth + n] = from[k];
    }
    for (int64_t k = k0; k < k1; ++k) {
      for (int64_t n = columns; n < kWidth; ++n) {
        panel[k * kWidth + n] = panel[k * kWidth + columns - 1];
      }
    }
  }
}

template <typename T>
void pack_b(const T* b, int64_t stride, bool transposed, int64_t depth, int64_t columns,
            T* panels) {
  constexpr int64_t kWidth = kTileColumns<T>;
  for (int64_t n = 0; transposed && n < columns; n += kWidth) {
    pack_transposed_panel(b + n * stride, stride, depth, std::min(kWidth, columns - n),
                          panels + n * depth);
  }
  for (int64_t k = 0; !transposed && k < depth; ++k) {
    const T* from = b + k * stride;
    T* to = panels + k * kWidth;
    int64_t n = 0;
    for (; n + kWidth <= columns; n += kWidth, to += depth * kWidth) {
      std::memcpy(to, from + n, kWidth * sizeof(T));
    }
    if (n == columns) continue;
    for (int64_t i = 0; i < kWidth; ++i) to[i] = from[std::min(n + i, columns - 1)];
  }
}

template <typename T>
void pack_transposed_a(const T* a, int64_t stride, int rows, int64_t depth, T* panel) {
  if (rows == kTileRows) {
    for (int64_t k = 0; k < depth; ++k) {
      std::memcpy(panel + k * kTileRows, a + k * stride, kTileRows * sizeof(T));
    }
    return;
  }
  for (int64_t k = 0; k < depth; ++k) {
    for (int r = 0; r < rows; ++r) panel[k * kTileRows + r] = a[k * stride + r];
  }
}

struct NoActivation {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x) const {
    return x;
  }
};
struct Relu {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::IfThenZeroElse(hn::Le(x, hn::Zero(d)), x);  // NaN stays
  }
};
struct Relu6 {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V six = hn::Set(d, static_cast<hn::TFromD<D>>(6));
    const V above = Relu()(d, x);
    return hn::IfThenElse(hn::Gt(above, six), six, above);
  }
};
struct Elu {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V zero = hn::Zero(d);
    return hn::IfThenElse(hn::Le(x, zero), VectorExpm1()(d, hn::Min(x, zero)), x);
  }
};
struct LeakyRelu {
  double alpha;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V scaled = hn::Mul(x, hn::Set(d, static_cast<hn::TFromD<D>>(alpha)));
    return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), x, scaled);
  }
};

template <typename T, class F>
void finish_rows(T* c, int64_t c_stride, int64_t rows, int64_t columns, const T* bias, F f) {
  const Tag<T> d;
  constexpr int64_t kStep = kLanes<T>;
  for (int64_t r = 0; r < rows; ++r, c += c_stride) {
    int64_t n = 0;
    for (; n + kStep <= columns; n += kStep) {
      auto x = hn::LoadU(d, c + n);
      if (bias != nullptr) x = hn::Add(x, hn::LoadU(d, bias + n));
      hn::StoreU(f(d, x), d, c + n);
    }
    if (n == columns) continue;
    // The rest, as a whole vector of its own.
    HWY_ALIGN T rest[kStep] = {};
    for (int64_t i = n; i < columns; ++i) rest[i - n] = bias == nullptr ? c[i] : c[i] + bias[i];
    hn::Store(f(d, hn::Load(d, rest)), d, rest);
    for (int64_t i = n; i < columns; ++i) c[i] = rest[i - n];
  }
}

template <typename T>
void epilogue(T* c, int64_t c_stride, int64_t rows, int64_t columns, const T* bias,
              Activation activation, double alpha) {
  const auto finish = [&](auto f) { finish_rows(c, c_stride, rows, columns, bias, f); };
  switch (activation) {
    case Activation::kNone:
      return finish(NoActivation());
    case Activation::kRelu:
      return finish(Relu());
    case Activation::kRelu6:
      return finish(Relu6());
    case Activation::kElu:
      return finish(Elu());
    case Activation::kTanh:
      return finish(VectorTanh());
    case Activation::kSigmoid:
      return finish(VectorSigmoid());
    case Activation::kLeakyRelu:
      return finish(LeakyRelu{alpha});
  }
}

template <typename T>
GemmKernels<T> make_kernels() {
  static_assert(kTileRows <= kMostTileRows && kColumnBlock % kTileColumns<T> == 0);
  return {kTileRows, kTileColumns<T>, multiply<T>, pack_b<T>, pack_transposed_a<T>, epilogue<T>};
}

GemmKernels<float> float_kernels() { return make_kernels<float>(); }
GemmKernels<double> double_kernels() { return make_kernels<double>(); }

}  // namespace tenon::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {

HWY_EXPORT(float_kernels);
HWY_EXPORT(double_kernels);

template <>
const GemmKernels<float>& gemm_kernels() {
  static const GemmKernels<float> kernels = HWY_DYNAMIC_DISPATCH(float_kernels)();
  return kernels;
}

template <>
const GemmKernels<double>& gemm_kernels() {
  static const GemmKernels<double> kernels = HWY_DYNAMIC_DISPATCH(double_kernels)();
  return kernels;
}

}  // namespace tenon::cpu
#endif
