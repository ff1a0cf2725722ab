// Operations that call functions of the library: these are built in their place, as bodies of
// conditionals and loops, or as they are.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/import/expansions.h"
#include "core/import/function_library.h"
#include "core/io/graph_def.h"
#include "core/io/unsupported.h"

namespace tenon::internal {

bool is_function_call(std::string_view type);
// How many inputs a call of that type takes at the least.
size_t inputs_of_call(std::string_view type);

struct FunctionCall {
  const FunctionLibrary& functions;
  const NodeDef& node;
  size_t bytes;        // of the file
  bool clear_devices;  // as ImportOptions says
};

// Adds what of the functions isn't supported. Throws ValueError (bad_argument) for functions that
// call themselves.
void check_call(const FunctionCall& call, Unsupported& unsupported);
// Adds what the node does to the default graph. Throws as importing a graph does.
Expanded add_call(const FunctionCall& call, const ExpandedNode& node);

}  // namespace tenon::internal
