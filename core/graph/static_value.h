// What the graph says of values and shapes: used while it is built.
#pragma once

#include "core/graph/node.h"

namespace tenon::internal {

// The value of an endpoint where the graph says it (constants, static shapes and what is
// computed from them), else an empty tensor.
Tensor constant_value(const Endpoint& endpoint);

// The value of an endpoint, a vector of integers, read as a shape of which parts may be unknown.
Shape constant_value_as_shape(const Endpoint& endpoint);

// Integers of a host tensor (int32 or int64) as numbers.
std::vector<int64_t> to_integers(const Tensor& tensor);
Shape to_shape(const Tensor& tensor);

// One input as a shape function may see it while the graph is built.
struct StaticInput {
  Endpoint endpoint;  // or
  Tensor literal;
};

using StaticInputs = InlineVector<StaticInput, 2>;

// The context of a node (being made) in a graph.
class StaticShapeContext : public ShapeContext {
 public:
  StaticShapeContext(const AttrMap& attributes, StaticInputs inputs_seen);
  Tensor value(int input) const override;
  Shape value_as_shape(int input) const override;

 private:
  StaticInputs seen_;
};

}  // namespace tenon::internal
