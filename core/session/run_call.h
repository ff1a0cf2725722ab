// The values that one run takes and makes.
#pragma once

#include <span>

#include "tenon/session.h"

namespace tenon::internal {

struct RunCall {
  std::span<const Tensor> feeds;
  // Room for one tensor a fetch; those that are empty are made, the others are written into.
  std::span<Tensor> outputs;
  const RunOptions& options;
};

}  // namespace tenon::internal
