// Operations of TensorFlow's that Tenon makes of several of its own.
#pragma once

#include <array>
#include <cstddef>
#include <span>
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

struct Expansion {
  using Names = std::array<std::string_view, 7>;

  std::string_view type;
  // Adds the operations to the default graph. Throws what the functions throw that make them.
  Expanded (*add)(const ExpandedNode& node);
  size_t inputs = 1;   // that it takes at the least; the caller sees to it
  Names outputs = {};  // as TensorFlow's definition calls them, where there are several

  int place_of(std::string_view output) const;
};

// Those of array_expansions.cc and of layer_expansions.cc.
std::span<const Expansion> array_expansions();
std::span<const Expansion> layer_expansions();

// Null where the operation isn't one of these.
const Expansion* expansion_of(std::string_view type);

}  // namespace tenon::internal
