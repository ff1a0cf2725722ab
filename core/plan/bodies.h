// How an operation's bodies are run: each as a run of its own, whose feeds are what the operation
// takes from around it. It is planned when it first runs, for the shapes that it is given then.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/body.h"
#include "core/plan/plan_request.h"

namespace tenon::internal {

// Where a body has a value from.
struct BodySource {
  enum class From : uint8_t {
    kNone,       // nowhere: the branch has no such value, or nobody wants it
    kInput,      // of its owner, by number
    kRound,      // the same, but a list: its value of the round
    kParameter,  // by number
    kFetch,      // of the run, by number
  };
  From from = From::kNone;
  size_t index = 0;
};

struct BodyCall {
  const Body* body = nullptr;
  std::vector<Endpoint> fetches = {};
  std::vector<Node*> targets = {};
  std::vector<Endpoint> feeds = {};
  std::vector<BodySource> fed_from = {};
  std::vector<TensorSpec> declared = {};  // of each feed: what the graph says of it
  std::vector<BodySource> results = {};   // of the owner's outputs; of a loop's condition: itself
  std::vector<BodySource> listed = {};    // of a loop's body: what goes into its lists

  bool runs() const { return !fetches.empty() || !targets.empty(); }
  // All that it has from somewhere: what it is fed, what it hands out, what goes into lists.
  template <typename F>
  void for_each_source(F&& visit) const {
    for (const auto* sources : {&fed_from, &results, &listed}) {
      for (const BodySource& source : *sources) visit(source);
    }
  }
};

// What a step does that runs bodies, or a function of the host (OpDef::host).
struct FlowStep {
  bool repeats = false;
  size_t variables = 0;
  std::vector<BodyCall> bodies = {};   // as Flow::bodies
  std::vector<bool> wanted = {};       // of each output: whether anything takes it
  std::vector<bool> needed = {};       // and whether something does that needs a value
  std::vector<TensorSpec> taken = {};  // of each input
};

// The call of each body of an operation. Of a loop the variables count that what is wanted hangs
// on; the others are left out.
std::vector<BodyCall> body_calls(const Node& owner, const FlowUse& use);

// The inputs that an operation needs for what is wanted of it.
std::vector<bool> needed_inputs(const Node& owner, const FlowUse& use);

// The variables that the bodies of an operation use, those inside of them too, and whether they
// write them.
std::map<const Node*, bool> variables_in(const Node& owner, const FlowUse& use);

// The shapes of an operation's outputs for inputs of these shapes, as far as they can be told
// before it runs: the others are unknown. Inputs that are known have values.
struct FlowInputs {
  FlowUse use = {};  // outputs that aren't wanted stay unknown
  Shapes shapes = {};
  std::vector<Tensor> known = {};
};
Shapes flow_shapes(const GraphState& graph, const PlanEnvironment& environment, const Node& owner,
                   const FlowInputs& inputs);

// Whether it is a variable, or but a name of one: a body finds it by itself, though it stands
// around it, and whoever uses it there reads the variable then.
bool stands_for_variable(const Node& node);

// Whether an input of an operation is only there for a variable that its bodies find by themselves.
bool finds_variable_of(const Node& owner, size_t input);

// Whether an operation runs bodies, or a function of the program's in their place.
inline bool owns_bodies(const Node& node) { return node.flow != nullptr; }
// Whether it hands out tensors whose shapes perhaps only the run knows.
inline bool makes_any_shape(const Node& node) {
  return owns_bodies(node) || node.def->action == PlanAction::kHost;
}

}  // namespace tenon::internal
