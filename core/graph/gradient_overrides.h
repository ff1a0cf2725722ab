// Gradients that a program gives to operations in place of their types' own: a node names its
// gradient in an attribute, as in TensorFlow.
#pragma once

#include <map>
#include <string>

#include "core/graph/node.h"
#include "tenon/gradient_overrides.h"

namespace tenon::internal {

inline constexpr const char* kGradientType = "_gradient_op_type";

// Those of single operations, which live as long as the graph.
struct GradientsOfNodes {
  std::map<std::string, OpGradient, std::less<>> by_name = {};
};

// Gives an operation a gradient of its own.
void set_gradient(const Operation& op, OpGradient gradient);

// The gradient that an operation names; empty where it names none. Throws UnimplementedError
// (bad_argument) where there is none of that name.
OpGradient gradient_named_by(const Operation& op);

}  // namespace tenon::internal
