// What a step takes that works on whole tensors.
#pragma once

#include "core/session/session_devices.h"

namespace tenon::internal {

// One that isn't kept may be gone, or another one, when the step has ended: it is copied where it
// is handed on.
struct TakenValue {
  Tensor value = {};
  bool is_kept = false;
};

// The value as something that stays what it is.
Tensor kept(const TakenValue& taken, const SessionDevices& devices);

}  // namespace tenon::internal
