// Elementwise operations as programs.
#pragma once

#include "core/backend/elementwise.h"
#include "core/graph/node.h"
#include "core/plan/plan_graph.h"

namespace tenon::internal {

// Whether it runs as a program. Strings are no numbers: they have a kernel of their own.
inline bool has_program(const Node& node) {
  return node.def->elementwise != nullptr && node.main_dtype() != DType::string;
}

// The program of one elementwise operation: its inputs are the operation's, in order.
inline ElementwiseProgram lower(const Node& node) {
  ElementwiseBuilder builder;
  std::vector<ElementwiseBuilder::Value> inputs;
  for (const Endpoint& input : node.inputs) {
    const DType dtype = nth(input.node->output_dtypes, input.index);
    // A handle stands for its variable.
    inputs.push_back(builder.input(
        dtype == DType::resource ? variable_of(input)->attrs.get<DType>("dtype") : dtype));
  }
  return builder.finish(node.def->elementwise(builder, inputs, node.attrs));
}

}  // namespace tenon::internal
