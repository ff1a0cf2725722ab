// train::global_step: the count of training steps as a number.
#include <cstdint>

#include "core/base/check.h"
#include "tenon/global_step.h"
#include "tenon/session.h"

namespace tenon::train {

int64_t global_step(Session& session, const Ref& global_step) {
  assert_global_step(global_step);
  const Tensor value = global_step.is_variable() ? session.run(global_step.variable())
                                                 : session.run(global_step.output());
  switch (value.dtype()) {
    case DType::int32:
      return value.scalar<int32_t>();
    case DType::int64:
      return value.scalar<int64_t>();
    case DType::int16:
      return value.scalar<int16_t>();
    case DType::uint16:
      return value.scalar<uint16_t>();
    case DType::int8:
      return value.scalar<int8_t>();
    default:
      return value.scalar<uint8_t>();
  }
}

}  // namespace tenon::train
