// exp, log, tanh and the like on whole vectors, right at the edges too: Highway's are good to a
// few units in the last place but leave infinities, NaN and arguments out of range undefined.
#if defined(TENON_VECTOR_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TENON_VECTOR_MATH_INL_H_
#undef TENON_VECTOR_MATH_INL_H_
#else
#define TENON_VECTOR_MATH_INL_H_
#endif

#include <cmath>
#include <limits>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D, class V>
HWY_INLINE V keep_nan(D, V x, V result) {
  return hn::IfThenElse(hn::IsNaN(x), x, result);
}

// Where exp overflows.
template <class D>
HWY_INLINE hn::Vec<D> exp_limit(D d) {
  using T = hn::TFromD<D>;
  return hn::Set(d, static_cast<T>(sizeof(T) == 4 ? 89.0 : 710.0));
}

struct VectorExp {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    const V low = hn::Set(d, static_cast<T>(sizeof(T) == 4 ? -105.0 : -1001.0));
    return keep_nan(d, x, hn::Exp(d, hn::Max(hn::Min(x, exp_limit(d)), low)));
  }
};

struct VectorExpm1 {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    const V low = hn::Set(d, static_cast<T>(sizeof(T) == 4 ? -105.0 : -1001.0));
    const V result = hn::Expm1(d, hn::Max(hn::Min(x, exp_limit(d)), low));
    const auto tiny = hn::Lt(hn::Abs(x), hn::Set(d, std::numeric_limits<T>::min()));
    return keep_nan(d, x, hn::IfThenElse(tiny, x, result));
  }
};

// Puts log's poles in, which lie at `pole`.
template <class D, class V>
HWY_INLINE V log_edges(D d, V x, V pole, V result) {
  using T = hn::TFromD<D>;
  const V infinity = hn::Set(d, std::numeric_limits<T>::infinity());
  const V nan = hn::Set(d, std::numeric_limits<T>::quiet_NaN());
  result = hn::IfThenElse(hn::Eq(x, infinity), x, result);
  result = hn::IfThenElse(hn::Eq(x, pole), hn::Neg(infinity), result);
  return keep_nan(d, x, hn::IfThenElse(hn::Lt(x, pole), nan, result));
}

struct VectorLog {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return log_edges(d, x, hn::Zero(d), hn::Log(d, x));
  }
};

struct VectorLog1p {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    return log_edges(d, x, hn::Set(d, static_cast<T>(-1)), hn::Log1p(d, x));
  }
};

struct VectorTanh {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    const V limit = hn::Set(d, static_cast<T>(40));  // tanh is 1 long before
    return keep_nan(d, x, hn::Tanh(d, hn::Max(hn::Min(x, limit), hn::Neg(limit))));
  }
};

struct VectorSigmoid {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    const V one = hn::Set(d, static_cast<T>(1));
    const V z = VectorExp()(d, hn::Neg(hn::Abs(x)));  // never overflows
    const V above = hn::IfThenElse(hn::Ge(x, hn::Zero(d)), one, z);
    return hn::Div(above, hn::Add(one, z));
  }
};

// sin and cos: Highway's within its range, the C library's on vectors that go beyond.
template <bool kSin>
struct VectorSinCos {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    const auto inside = hn::Le(hn::Abs(x), hn::Set(d, static_cast<T>(30000)));
    if (HWY_LIKELY(hn::AllTrue(d, inside))) return kSin ? hn::Sin(d, x) : hn::Cos(d, x);
    HWY_ALIGN T lanes[hn::MaxLanes(d)];
    hn::Store(x, d, lanes);
    for (size_t i = 0; i < hn::Lanes(d); ++i) {
      lanes[i] = kSin ? std::sin(lanes[i]) : std::cos(lanes[i]);
    }
    // Lanes inside the range keep the bits that they have beside any neighbours.
    return hn::IfThenElse(inside, kSin ? hn::Sin(d, x) : hn::Cos(d, x), hn::Load(d, lanes));
  }
};

}  // namespace tenon::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // TENON_VECTOR_MATH_INL_H_
