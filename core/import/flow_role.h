// TensorFlow 1's operations of control flow, which Tenon has no operations for: conditionals and
// loops are rebuilt from them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace tenon::internal {

enum class FlowRole : uint8_t {
  kNone,
  kSwitch,      // of a conditional: hands its input to one of two branches
  kMerge,       // of a conditional: what the branch made that ran
  kEnter,       // hands a value into a loop
  kLoopMerge,   // a loop's variable: what entered, then what the round before made
  kLoopSwitch,  // a loop's variable, to the body or out of the loop
  kLoopCond,    // whether a loop goes on
  kNext,        // hands a value to the next round
  kExit,        // the last value of a loop's variable
};

// By an operation's type alone: Switch and Merge may be those of loops.
inline FlowRole flow_role(std::string_view type) {
  constexpr std::array<std::pair<std::string_view, FlowRole>, 6> kRoles = {{
      {"Switch", FlowRole::kSwitch},
      {"Merge", FlowRole::kMerge},
      {"Enter", FlowRole::kEnter},
      {"LoopCond", FlowRole::kLoopCond},
      {"NextIteration", FlowRole::kNext},
      {"Exit", FlowRole::kExit},
  }};
  if (type.starts_with("Ref")) type.remove_prefix(3);  // the same of references to variables
  for (const auto& [name, role] : kRoles) {
    if (name == type) return role;
  }
  return FlowRole::kNone;
}

}  // namespace tenon::internal
