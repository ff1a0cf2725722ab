// The name scope of a function that is made of several operations.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "core/base/caller_line.h"
#include "core/graph/builder.h"
#include "core/graph/graph_state.h"
#include "tenon/graph.h"

namespace tenon::internal {

// While it lives, operations are added to the graph of the inputs, in a new name scope, as made at
// the line of the first input that has one (CallerLine). An exception that leaves its block takes
// them back.
class OpScope {
 public:
  OpScope(const std::string& name, const char* otherwise, std::span<const Input> inputs)
      : line_(line_of(inputs)),
        state_(graph_of(inputs).state()),
        lock_(state_->mutex),
        trial_(*state_),
        graph_(Graph(state_).as_default()),
        scope_(name_scope(name.empty() ? std::string(otherwise) : name, {})) {}
  OpScope(const std::string& name, const char* otherwise, const std::vector<Input>& inputs = {})
      : OpScope(name, otherwise, std::span<const Input>(inputs)) {}

  // The scope's name ("a/dropout/"), by which one operation gets just that name ("a/dropout").
  const std::string& name() const noexcept { return scope_.name(); }

 private:
  static Location line_of(std::span<const Input> inputs) {
    for (const Input& input : inputs) {
      if (input.where().line != 0) return input.where();
    }
    return {};
  }

  CallerLine line_;
  std::shared_ptr<GraphState> state_;
  std::lock_guard<std::recursive_mutex> lock_;
  GraphState::Trial trial_;
  ScopeGuard graph_;
  NameScope scope_;
};

}  // namespace tenon::internal
