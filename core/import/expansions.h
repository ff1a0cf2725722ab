// Operations of TensorFlow's that Tenon makes of several of its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/tensor/attr_value.h"
#include "tenon/graph.h"

namespace tenon::internal {

struct ExpandedNode {
  std::string name;  // ends in a slash: the last operation gets it as it is
  std::vector<Output> inputs;
  const AttrMap& attrs;
};

// What stands for TensorFlow's operation, and for its outputs.
struct Expanded {
  Operation op;
  std::vector<Output> outputs = {};
};

// Adds the operations to the default graph. Throws what the functions throw that make them.
using Expansion = Expanded (*)(const ExpandedNode& node);

// Null where the operation isn't one of these.
Expansion expansion_of(std::string_view type);

}  // namespace tenon::internal
