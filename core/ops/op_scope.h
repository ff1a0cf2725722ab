// The name scope of a function that is made of several operations.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/graph/builder.h"
#include "tenon/graph.h"

namespace tenon::internal {

// While it lives, operations are added to the graph of the inputs, in a new name scope.
class OpScope {
 public:
  OpScope(const std::string& name, const char* otherwise, std::span<const Input> inputs)
      : graph_(graph_of(inputs).as_default()),
        scope_(name_scope(name.empty() ? std::string(otherwise) : name)) {}
  OpScope(const std::string& name, const char* otherwise, const std::vector<Input>& inputs = {})
      : OpScope(name, otherwise, std::span<const Input>(inputs)) {}

  // The scope's name ("a/dropout/"), by which one operation gets just that name ("a/dropout").
  const std::string& name() const noexcept { return scope_.name(); }

 private:
  ScopeGuard graph_;
  NameScope scope_;
};

}  // namespace tenon::internal
