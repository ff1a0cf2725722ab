// train::global_step: the count of training steps as a number.
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

int64_t train::global_step(Session& session, const Ref& global_step) {
  assert_global_step(global_step);
  return tenon::internal::integer_value(global_step.is_variable()
                                            ? session.run(global_step.variable())
                                            : session.run(global_step.output()));
}

}  // namespace tenon
