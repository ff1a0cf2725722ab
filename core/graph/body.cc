#include "core/graph/body.h"

#include <algorithm>
#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/graph/builder.h"
#include "core/graph/graph_state.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {
namespace {

// Finds what bodies take from around them.
class CaptureFinder {
 public:
  Captures run(const std::vector<Body*>& bodies) {
    for (const Body* body : bodies) {
      for (const Node* node : body->nodes) {
        for (const Endpoint& input : node->inputs) add(*body, input);
        for (Node* control : node->control_inputs) add_control(*body, control);
      }
      for (const Endpoint& result : body->results) {
        if (result.node != nullptr) add(*body, result);
      }
    }
    return std::move(found_);
  }

 private:
  void add(const Body& body, const Endpoint& value) {
    const bool is_inside = value.node->body != nullptr && value.node->body->is_within(&body);
    if (is_inside) return;
    const auto same = [&](const Endpoint& one) { return one == value; };
    if (std::none_of(found_.values.begin(), found_.values.end(), same)) {
      found_.values.push_back(value);
    }
  }

  void add_control(const Body& body, Node* control) {
    const bool is_inside = control->body != nullptr && control->body->is_within(&body);
    if (!is_inside && seen_.insert(control).second) found_.controls.push_back(control);
  }

  Captures found_;
  std::unordered_set<const Node*> seen_;
};

// The owner's output for what its branch made alone: it may be one already.
Endpoint output_of_branch(const Body& body, const Endpoint& value) {
  Node& owner = *body.owner;
  const Body& other = *owner.flow->bodies[body.number == 0 ? 1 : 0];
  for (size_t i = 0; i < body.results.size(); ++i) {
    const bool alone = other.results[i].node == nullptr;
    if (alone && body.results[i] == value) return {&owner, static_cast<int>(i)};
  }
  for (Body* branch : owner.flow->bodies) {
    branch->results.push_back(branch == &body ? value : Endpoint{});
  }
  const auto index = static_cast<size_t>(value.index);
  owner.output_dtypes.push_back(value.node->output_dtypes[index]);
  owner.output_refs.push_back(false);
  owner.output_shapes.push_back(value.node->output_shapes[index]);
  return {&owner, static_cast<int>(owner.output_dtypes.size()) - 1};
}

// A parameter of a loop's body: made outside of all contexts of the program but its names.
Node* add_parameter(GraphState& graph, Body& body, const Endpoint& like) {
  const InBody there(graph, &body);
  GraphContexts& contexts = graph.contexts();
  const auto devices = std::exchange(contexts.devices, {});
  const auto colocations = std::exchange(contexts.colocations, {});
  const auto controls = std::exchange(contexts.controls, {});
  const auto index = static_cast<size_t>(like.index);
  const ScopeGuard as_default = Graph(graph.shared_from_this()).as_default();
  Node* parameter = add_output("_Parameter", {},
                               {.attrs = {{"dtype", like.node->output_dtypes[index]},
                                          {"shape", like.node->output_shapes[index]}},
                                .where = like.node->made_at})
                        .op()
                        .node();
  contexts.devices = devices;
  contexts.colocations = colocations;
  contexts.controls = controls;
  return parameter;
}

[[noreturn]] void fail_inside(const Body& body, const Node& node) {
  fail<ValueError>(
      ErrorKind::inside_control_flow, "Cannot use '", node.name, "' here: it is inside the ",
      body.repeats ? "while loop" : "conditional", " '",
      body.owner != nullptr ? body.owner->name : body.name,
      body.repeats ? "', which hands out its loop variables alone" : "', which isn't finished yet");
}

}  // namespace

Endpoint list_of_rounds(const Body& body, const Endpoint& value) {
  Node& owner = *body.owner;
  Flow& flow = *owner.flow;
  const auto at = std::find(flow.listed.begin(), flow.listed.end(), value);
  const auto number = static_cast<size_t>(at - flow.listed.begin());
  if (at == flow.listed.end()) {
    flow.listed.push_back(value);
    owner.output_dtypes.push_back(DType::resource);
    owner.output_refs.push_back(false);
    owner.output_shapes.push_back(Shape());
  }
  return {&owner, static_cast<int>(flow.variables + 1 + number)};
}

Endpoint element_of_round(GraphState& graph, Body& here, const Endpoint& list,
                          const Endpoint& like) {
  for (const auto& [known, parameter] : here.rounds) {
    if (known == list) return {parameter, 0};
  }
  Node* parameter = add_parameter(graph, here, like);
  here.rounds.emplace_back(list, parameter);
  return {parameter, 0};
}

Tensor tensor_of_list(std::vector<Tensor> list) {
  auto* const kept = new std::vector<Tensor>(std::move(list));
  return {DType::resource, Shape(),
          std::make_shared<Tensor::Buffer>(kept, 0, host_device(), [kept] { delete kept; }), 0};
}

const std::vector<Tensor>& list_of_tensor(const Tensor& tensor) {
  return *static_cast<const std::vector<Tensor>*>(tensor.raw());
}

Captures close_bodies(const GraphState& graph, int first, const std::vector<Body*>& bodies) {
  for (int id = first; id < graph.node_count(); ++id) {
    Node* node = graph.node(id);
    const auto at = std::find(bodies.begin(), bodies.end(), node->body);
    if (node->body != nullptr && at != bodies.end()) (*at)->nodes.push_back(node);
  }
  return CaptureFinder().run(bodies);
}

Endpoint visible_from(GraphState& graph, Body* here, const Endpoint& value) {
  Body* of = value.node->body;
  if (is_within(here, of)) return value;
  if (of->owner != nullptr && !of->repeats) {
    return visible_from(graph, here, output_of_branch(*of, value));
  }
  Body* at = here;
  while (at != nullptr && at->forward != of) at = at->outer;
  if (at == nullptr || of->owner == nullptr) fail_inside(*of, *value.node);
  // What another loop's body made in the round that this one goes through.
  const Endpoint list = visible_from(graph, at->outer, list_of_rounds(*of, value));
  return element_of_round(graph, *at, list, value);
}

Node* visible_from(Body* here, Node* node) {
  Body* of = node->body;
  if (is_within(here, of)) return node;
  if (of->owner == nullptr || of->repeats) fail_inside(*of, *node);
  of->targets.push_back(node);
  return visible_from(here, of->owner);
}

InBody::InBody(GraphState& graph, Body* body)
    : graph_(graph), before_(std::exchange(graph.contexts().body, body)) {}
InBody::~InBody() { graph_.contexts().body = before_; }

void GraphState::make_visible(NodeArguments& arguments) {
  Body* const here = contexts().body;
  for (NodeInput& input : arguments.inputs) {
    if (input.literal) continue;
    input.endpoint = visible_from(*this, here, input.endpoint);
  }
  for (Node*& control : arguments.control_inputs) control = visible_from(here, control);
}

Node* GraphState::add_flow(FlowArguments arguments) {
  std::lock_guard lock(mutex);
  const CallerLine line(arguments.where);
  require_open(arguments.type);
  const FreeName name = name_of_new_node(arguments.type, arguments.name);
  const Trial trial(*this);  // the user's device functions may throw
  GraphContexts& here = contexts();
  Node& node = storage_.emplace_back();
  node.def = OpRegistry::global().find(arguments.type);
  node.flow = &flows_.emplace_back(std::move(arguments.flow));
  for (const Endpoint& input : arguments.inputs) node.inputs.push_back(input);
  for (const DType dtype : arguments.output_dtypes) node.output_dtypes.push_back(dtype);
  node.output_refs.append(arguments.output_dtypes.size(), false);
  node.output_shapes = std::move(arguments.output_shapes);
  node.made_at = arguments.where;
  if (name.asked != nullptr) use(name);
  node.name = name.name;
  apply_control_inputs(here, node);
  for (Node* input : arguments.control_inputs) {
    const auto& have = node.control_inputs;
    if (std::find(have.begin(), have.end(), input) == have.end()) {
      node.control_inputs.push_back(input);
    }
  }
  apply_place(here, node);
  append(here, node, *name.entry);
  for (size_t i = 0; i < node.flow->bodies.size(); ++i) {
    node.flow->bodies[i]->owner = &node;
    node.flow->bodies[i]->number = static_cast<int>(i);
  }
  return &node;
}

Body& GraphState::add_body(Body body) {
  std::lock_guard lock(mutex);
  return bodies_.emplace_back(std::move(body));
}

}  // namespace tenon::internal
