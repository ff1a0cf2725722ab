// A node of the graph, as the engine sees it.
#pragma once

#include <string>
#include <vector>

#include "core/graph/op_def.h"
#include "core/tensor/attr_value.h"
#include "tenon/graph.h"

namespace tenon::internal {

class Node;
struct Body;
struct Flow;

// One output of a node.
struct Endpoint {
  Node* node = nullptr;
  int index = 0;
  bool operator==(const Endpoint&) const = default;
};

// Made only by GraphState::add_node; changed afterwards only under the graph's lock (shapes are
// merged by set_shape, the optimizer of plans works on copies).
class Node {
 public:
  static constexpr int kTakenBack = -1;

  int id = 0;  // its place in the order of making; kTakenBack: no longer in the graph
  std::string name;
  const RegisteredOp* def = nullptr;
  InlineVector<Endpoint, 2> inputs;
  std::vector<Node*> control_inputs;
  AttrMap attrs;
  std::string device;                       // canonical, as asked for; "" for none
  InlineVector<std::string, 1> colocation;  // names of operations: sorted, without "loc:@"
  InlineVector<DType, 2> output_dtypes;
  InlineVector<bool, 4> output_refs;  // whether an output is a reference to a variable
  Shapes output_shapes;
  Location made_at;
  Body* body = nullptr;       // that it stands in (body.h); null: the graph itself
  Flow* flow = nullptr;       // of one that owns bodies, or has a function of the program's
  Node* same_name = nullptr;  // the one before it whose name differs only in case

  const std::string& type() const { return def->name; }
  // The dtype by which kernels are looked up: attribute dtype, else T, else the first output's.
  DType main_dtype() const;
};

}  // namespace tenon::internal
