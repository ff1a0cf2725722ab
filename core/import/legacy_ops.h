// Operations of TensorFlow's past that are today's under another name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/graph/graph_state.h"
#include "core/tensor/attr_value.h"

namespace tenon::internal {

// An operation on its way from a file into the graph.
struct ImportedNode {
  std::string_view type = {};
  AttrMap attrs = {};
  std::vector<NodeInput> inputs = {};
};

// The type under which Tenon has it: the same where there is nothing to say.
std::string_view current_type(std::string_view type);
// Makes it one of its current type.
void make_current(ImportedNode& node);

}  // namespace tenon::internal
