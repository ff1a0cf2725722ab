// Fitting the inputs of a new node to its operation's signature.
#pragma once

#include "core/graph/graph_state.h"

namespace tenon::internal {

// A literal input: a constant to be made when the node has its name.
struct PendingConstant {
  size_t input;
  std::string argument;
  Tensor value;
};

// Works out the type attributes (from attributes given, from inputs, then from literals), checks
// the inputs against the signature and infers the outputs' shapes. Takes the attributes out of the
// arguments and fills the new node but for its name and its place in the graph; the inputs that
// the answer names are empty. Throws NotFoundError for an unknown operation, TypeError
// (dtype_incompatible), ValueError.
std::vector<PendingConstant> resolve_signature(NodeArguments& arguments, Node& node);

// A weak literal's value in another dtype; empty when that would lose something.
Tensor convert_literal(const Tensor& value, DType dtype);
// The dtype that a weak literal has on its own: float32, int32 (int64 if it must be), bool, string.
DType natural_dtype(const Tensor& value);

}  // namespace tenon::internal
