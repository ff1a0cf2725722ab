// The values that one run takes and makes.
#pragma once

#include <chrono>
#include <optional>
#include <span>

#include "tenon/session.h"

namespace tenon::internal {

class KeptThings;

struct RunCall {
  std::span<const Tensor> feeds;
  // Room for one tensor a fetch; those that are empty are made, the others are written into.
  std::span<Tensor> outputs;
  const RunOptions& options;
  std::optional<std::chrono::steady_clock::time_point> deadline = {};  // as the options say
  // Whether it is a body's, inside of another run: results may have no value, and are then empty.
  bool is_inside = false;
  KeptThings* kept = nullptr;  // of the whole run
};

}  // namespace tenon::internal
