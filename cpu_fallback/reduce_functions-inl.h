// The loops behind ReduceFunctions, for the compiler to vectorise for each kind of processor.
#if defined(TENON_REDUCE_FUNCTIONS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TENON_REDUCE_FUNCTIONS_INL_H_
#undef TENON_REDUCE_FUNCTIONS_INL_H_
#else
#define TENON_REDUCE_FUNCTIONS_INL_H_
#endif

#include <algorithm>
#include <limits>
#include <type_traits>

#include "cpu_fallback/dtype_lists.h"
#include "cpu_fallback/reduce_functions.h"
#include "cpu_fallback/scalar.h"
#include "cpu_fallback/simd_targets.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <typename T>
using Summed = std::conditional_t<std::is_integral_v<T>, T, double>;

// Each operation: its accumulator, where it starts, what an element is to it, how two are joined,
// and what the result is. `add` joins vectors of accumulators and elements with the same bits.
template <typename T>
struct SumOf {
  using Sum = Summed<T>;
  static constexpr Sum kStart = 0;
  static Sum take(T x) { return static_cast<Sum>(static_cast<scalar::Compute<T>>(x)); }
  static Sum join(Sum a, Sum b) { return scalar::Add()(a, b); }
  template <class V>
  static V add(V sums, V x) {
    return hn::Add(sums, x);
  }
  static T result(Sum sum, int64_t) { return scalar::cast<T>(sum); }
};
// Of integers, rounded towards zero. Their sum is kept in as many bits as it needs, so that a mean
// never overflows although a sum may.
__extension__ using Integer128 = __int128;
template <typename T>
struct MeanOf {
  using Sum = std::conditional_t<!std::is_integral_v<T>, double,
                                 std::conditional_t<sizeof(T) == 8, Integer128, int64_t>>;
  static constexpr Sum kStart = 0;
  static Sum take(T x) { return static_cast<Sum>(static_cast<scalar::Compute<T>>(x)); }
  static Sum join(Sum a, Sum b) { return a + b; }
  template <class V>
  static V add(V sums, V x) {
    return hn::Add(sums, x);
  }
  static T result(Sum sum, int64_t elements) {
    if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(elements == 0 ? 0 : sum / elements);
    } else {
      return scalar::cast<T>(sum / static_cast<double>(elements));
    }
  }
};
template <typename T>
struct ProdOf : SumOf<T> {
  using typename SumOf<T>::Sum;
  static constexpr Sum kStart = 1;
  static Sum join(Sum a, Sum b) { return scalar::Multiply()(a, b); }
  template <class V>
  static V add(V sums, V x) {
    return hn::Mul(sums, x);
  }
};
template <typename T>
struct HalfSquaresOf : SumOf<T> {
  using typename SumOf<T>::Sum;
  static Sum take(T x) {
    const Sum value = SumOf<T>::take(x);
    return value * value;
  }
  template <class V>
  static V add(V sums, V x) {
    return hn::Add(sums, hn::Mul(x, x));
  }
  static T result(Sum sum, int64_t) { return scalar::cast<T>(sum / 2); }
};
template <typename T>
struct MaxOf {
  using Sum = scalar::Compute<T>;
  static constexpr Sum kStart = std::numeric_limits<Sum>::has_infinity
                                    ? -std::numeric_limits<Sum>::infinity()
                                    : std::numeric_limits<Sum>::lowest();
  static Sum take(T x) { return static_cast<Sum>(x); }
  static Sum join(Sum a, Sum b) { return scalar::Maximum()(a, b); }
  static T result(Sum sum, int64_t) { return static_cast<T>(sum); }
};
template <typename T>
struct MinOf : MaxOf<T> {
  using typename MaxOf<T>::Sum;
  static constexpr Sum kStart = std::numeric_limits<Sum>::has_infinity
                                    ? std::numeric_limits<Sum>::infinity()
                                    : std::numeric_limits<Sum>::max();
  static Sum join(Sum a, Sum b) { return scalar::Minimum()(a, b); }
};
struct AnyOf {
  using Sum = uint8_t;
  static constexpr Sum kStart = 0;
  static Sum take(bool x) { return x; }
  static Sum join(Sum a, Sum b) { return a | b; }
  static bool result(Sum sum, int64_t) { return sum != 0; }
};
struct AllOf : AnyOf {
  static constexpr Sum kStart = 1;
  static Sum join(Sum a, Sum b) { return a & b; }
};

template <class Op>
void start(void* sums, int64_t count) {
  std::fill_n(static_cast<typename Op::Sum*>(sums), count, Op::kStart);
}

// Whether a row is floats that are added up as doubles.
template <class Op, typename T>
constexpr bool kWidens = std::is_same_v<T, float>&& std::is_same_v<typename Op::Sum, double>;

// Joins whole vectors of a row's floats to their accumulators; returns how many elements these
// were. (Compilers load vectors of floats and split them, which takes twice as long.)
template <class Op, int kWidth>
HWY_INLINE int64_t join_floats(const float* x, int64_t count, double* lanes) {
  const hn::CappedTag<double, kWidth> d;
  const hn::Rebind<float, decltype(d)> of_floats;
  constexpr int kStep = static_cast<int>(hn::MaxLanes(d)), kVectors = kWidth / kStep;
  hn::Vec<decltype(d)> sums[kVectors];
  for (int v = 0; v < kVectors; ++v) sums[v] = hn::LoadU(d, lanes + v * kStep);
  int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) {
    HWY_UNROLL(16)
    for (int v = 0; v < kVectors; ++v) {
      sums[v] = Op::add(sums[v], hn::PromoteTo(d, hn::LoadU(of_floats, x + i + v * kStep)));
    }
  }
  for (int v = 0; v < kVectors; ++v) hn::StoreU(sums[v], d, lanes + v * kStep);
  return i;
}

// `kWidth` accumulators side by side, joined as a tree: quick, and sums stay accurate.
template <class Op, typename T, int kWidth>
typename Op::Sum join_row(const T* x, int64_t count) {
  typename Op::Sum lanes[kWidth];
  for (auto& lane : lanes) lane = Op::kStart;
  int64_t i = 0;
  if constexpr (kWidens<Op, T>) {
    i = join_floats<Op, kWidth>(x, count, lanes);
  } else {
    for (; i + kWidth <= count; i += kWidth) {
      for (int j = 0; j < kWidth; ++j) lanes[j] = Op::join(lanes[j], Op::take(x[i + j]));
    }
  }
  for (int j = 0; i < count; ++i, ++j) lanes[j] = Op::join(lanes[j], Op::take(x[i]));
  for (int half = kWidth / 2; half > 0; half /= 2) {
    for (int j = 0; j < half; ++j) lanes[j] = Op::join(lanes[j], lanes[j + half]);
  }
  return lanes[0];
}

// How many accumulators a row has depends on its length alone, and so do its sum's bits.
template <class Op, typename T>
void reduce_row(void* sum, const void* data, int64_t count) {
  constexpr int kNarrow = 16, kWide = 32;  // four vectors of sums, so that none waits for the last
  const auto* x = static_cast<const T*>(data);
  auto& total = *static_cast<typename Op::Sum*>(sum);
  total = Op::join(total, count < 8 * kWide ? join_row<Op, T, kNarrow>(x, count)
                                            : join_row<Op, T, kWide>(x, count));
}

template <class Op, typename T>
void reduce_columns(void* sums, const void* data, int64_t count) {
  auto* to = static_cast<typename Op::Sum*>(sums);
  const auto* x = static_cast<const T*>(data);
  TENON_INDEPENDENT
  for (int64_t i = 0; i < count; ++i) to[i] = Op::join(to[i], Op::take(x[i]));
}

template <class Op>
void combine(void* sums, const void* others, int64_t count) {
  auto* to = static_cast<typename Op::Sum*>(sums);
  const auto* from = static_cast<const typename Op::Sum*>(others);
  TENON_INDEPENDENT
  for (int64_t i = 0; i < count; ++i) to[i] = Op::join(to[i], from[i]);
}

template <class Op, typename T>
void finish(const void* sums, int64_t count, int64_t elements, void* out) {
  const auto* from = static_cast<const typename Op::Sum*>(sums);
  auto* to = static_cast<T*>(out);
  for (int64_t i = 0; i < count; ++i) to[i] = Op::result(from[i], elements);
}

template <class Op, typename T>
ReduceFunctions functions() {
  return {.bytes = sizeof(typename Op::Sum),
          .start = start<Op>,
          .row = reduce_row<Op, T>,
          .columns = reduce_columns<Op, T>,
          .combine = combine<Op>,
          .finish = finish<Op, T>};
}

template <typename T>
ReduceFunctions number_functions(Reduce reduce) {
  switch (reduce) {
    case Reduce::kSum:
      return functions<SumOf<T>, T>();
    case Reduce::kMean:
      return functions<MeanOf<T>, T>();
    case Reduce::kProd:
      return functions<ProdOf<T>, T>();
    case Reduce::kMax:
      return functions<MaxOf<T>, T>();
    case Reduce::kMin:
      return functions<MinOf<T>, T>();
    case Reduce::kHalfSquares:
      if constexpr (!std::is_integral_v<T>) return functions<HalfSquaresOf<T>, T>();
      return {};
    default:
      return {};
  }
}

// Of the numbers of a list.
template <class Types>
ReduceFunctions find_number_functions(Types types, Reduce reduce, DType dtype) {
  return for_dtype(types, dtype, [&](auto* type) {
    return number_functions<std::remove_pointer_t<decltype(type)>>(reduce);
  });
}

inline ReduceFunctions bool_functions(Reduce reduce) {
  if (reduce == Reduce::kAny) return functions<AnyOf, bool>();
  if (reduce == Reduce::kAll) return functions<AllOf, bool>();
  return {};
}

}  // namespace tenon::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // TENON_REDUCE_FUNCTIONS_INL_H_
