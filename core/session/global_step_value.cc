// train::global_step: the count of training steps as a number.
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "core/base/check.h"
#include "core/session/integer_value.h"
#include "core/tensor/element_types.h"
#include "tenon/global_step.h"
#include "tenon/session.h"

namespace tenon {

int64_t internal::integer_value(const Tensor& tensor) {
  return with_element_type(tensor.dtype(), [&](auto element) -> int64_t {
    using T = decltype(element);
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      return tensor.scalar<T>();
    } else {
      fail<TypeError>(ErrorKind::dtype_incompatible, "No integer: a tensor of dtype ",
                      tensor.dtype());
    }
  });
}

namespace {

// Without what is behind the point.
int64_t whole(double number) {
  internal::require<ValueError>(std::abs(number) < 0x1p63, ErrorKind::bad_argument,
                                "No count of steps: ", number);
  return static_cast<int64_t>(number);
}

}  // namespace

int64_t train::global_step(Session& session, const Ref& global_step) {
  const auto count = [&] {
    return global_step.is_variable() ? session.run(global_step.variable())
                                     : session.run(global_step.output());
  };
  const DType dtype =
      global_step.is_variable() ? global_step.variable().dtype() : global_step.output().dtype();
  // Python's int takes these too.
  if (dtype == float32) return whole(count().scalar<float>());
  if (dtype == float64) return whole(count().scalar<double>());
  assert_global_step(global_step);
  return internal::integer_value(count());
}

}  // namespace tenon
