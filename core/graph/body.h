// Bodies: operations of a graph that run only when, and as often as, an operation says that owns
// them: the branches of a conditional, the condition and the body of a loop.
//
// A body's operations are nodes of the graph like all others, and take the outputs of operations
// around the body as they are; Node::body says where one stands. The owner takes all that its
// bodies take from around them as inputs of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/graph/node.h"
#include "tenon/tensor.h"

namespace tenon::internal {

class GraphState;

struct Body {
  Body* outer = nullptr;               // that the owner stands in; null: the graph itself
  Node* owner = nullptr;               // null while it is being built
  bool repeats = false;                // whether it belongs to a loop
  int number = 0;                      // which of its owner's bodies
  std::string name = {};               // of what is being built, for errors
  std::vector<Node*> nodes = {};       // that stand in it, once it is built
  std::vector<Node*> parameters = {};  // of a loop: given before each round
  // What it hands out: the owner's outputs of the same numbers. Of a conditional's branch the node
  // is null where only the other branch has a value.
  std::vector<Endpoint> results = {};
  std::vector<Node*> targets = {};  // run besides

  // Of the body of a loop that goes through another one's rounds from the last to the first: that
  // loop's body, whose values may be used here. Each that is used is an input of the owner, a list
  // with one value a round, and a parameter.
  Body* forward = nullptr;
  std::vector<std::pair<Endpoint, Node*>> rounds = {};

  // Whether an operation that stands here may take what stands in `other` as it is.
  bool is_within(const Body* other) const {
    const Body* at = this;
    while (at != nullptr && at != other) at = at->outer;
    return at == other;
  }
};

// What an operation knows that owns bodies, or calls a function of the program's.
struct Flow {
  std::vector<Body*> bodies = {};  // of a conditional: true, false; of a loop: condition, body
  // Of a loop: its first inputs and outputs are its variables; the next output is the number of
  // rounds, those behind are lists of what `listed` had in each round.
  size_t variables = 0;
  std::vector<Endpoint> listed = {};
  bool differentiable = true;  // false: gradients stop here
  bool is_gradient = false;    // of a loop: it goes through another one's rounds
  // Of a call, which owns no bodies: the program's.
  std::function<std::vector<Tensor>(const std::vector<Tensor>&)> function = {};
};

inline bool is_within(const Body* here, const Body* other) {
  return other == nullptr || (here != nullptr && here->is_within(other));
}

// What bodies take from around them: what their owner must take.
struct Captures {
  std::vector<Endpoint> values = {};  // each once
  std::vector<Node*> controls = {};
};

// Collects the nodes of bodies that were made since the graph had `first` of them, and what they
// take from around them.
Captures close_bodies(const GraphState& graph, int first, const std::vector<Body*>& bodies);

// The endpoint by which an operation in `here` takes what may stand in a body beside it: what a
// branch made is an output of its conditional, which has a value only where it was taken; what a
// loop's body made in each round is a list, which only its gradient's loop takes. Throws
// ValueError (inside_control_flow) for what can't be taken there.
Endpoint visible_from(GraphState& graph, Body* here, const Endpoint& value);
// The same of an operation that is to be waited for.
Node* visible_from(Body* here, Node* node);

// The output of a loop that lists what its body made in each round.
Endpoint list_of_rounds(const Body& body, const Endpoint& value);
// What stands in a loop's body, which isn't finished, for the element that a list has for the
// round: elements are taken from the last to the first, and are tensors like that one.
Endpoint element_of_round(GraphState& graph, Body& here, const Endpoint& list,
                          const Endpoint& like);

// A list of tensors as one tensor without elements, which loops hand to each other.
Tensor tensor_of_list(std::vector<Tensor> list);
const std::vector<Tensor>& list_of_tensor(const Tensor& tensor);

// Operations made while it lives stand in that body; null: in the graph itself.
class InBody {
 public:
  InBody(GraphState& graph, Body* body);
  ~InBody();
  InBody(const InBody&) = delete;
  InBody& operator=(const InBody&) = delete;

 private:
  GraphState& graph_;
  Body* const before_;
};

}  // namespace tenon::internal
