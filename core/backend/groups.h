// Elementwise operations that have nothing to do with each other, run by one kernel: where a launch
// costs more than what many small ones do.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/backend/backend.h"

namespace tenon::internal {

// The operation whose kernel runs a GroupProgram. Its inputs are those of all parts, one part after
// the other, and so are its outputs. Backends for which it isn't worth having don't register it.
inline constexpr std::string_view kGroupOp = "_Group";

struct GroupProgram {
  struct Part {
    KernelRequest request = {};
    std::shared_ptr<const ElementwiseProgram> program = {};  // which the request points to
  };
  std::vector<Part> parts = {};

  std::string to_string() const;  // for plans that are printed
};

// A launch of all parts, one after the other, by the kernels that `prepare` makes of them.
std::function<void(const Launch&)> launch_in_turn(const GroupProgram& program,
                                                  PrepareFunction prepare);

}  // namespace tenon::internal
