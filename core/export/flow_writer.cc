#include "core/export/flow_writer.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "core/base/strings.h"
#include "core/export/own_ops.h"
#include "core/graph/body.h"
#include "core/graph/endpoint.h"

namespace tenon::internal {

Endpoint element_of(const Endpoint& list) {
  const Node& node = *list.node;
  const auto index = static_cast<size_t>(list.index);
  if (node.flow != nullptr && node.def->action == PlanAction::kLoop) {
    const size_t others = node.flow->variables + 1;  // and the number of rounds
    return index < others ? Endpoint() : node.flow->listed[index - others];
  }
  if (node.flow != nullptr) {
    for (const Body* body : node.flow->bodies) {
      const Endpoint& result = body->results[index];
      const Endpoint element = result.node == nullptr ? Endpoint() : element_of(result);
      if (element.node != nullptr) return element;
    }
    return {};
  }
  if (node.type() == "_UnstackRounds") return node.inputs[0];
  if (node.body == nullptr || node.def->action != PlanAction::kPlaceholder) return {};
  for (const auto& [rounds, parameter] : node.body->rounds) {
    if (parameter == &node) return element_of(element_of(rounds));
  }
  return {};
}

bool is_list(const Endpoint& endpoint) { return element_of(endpoint).node != nullptr; }

namespace {

// Where what is written into the function that a body becomes is gathered.
struct BodyFunction {
  WrittenFunction function = {};
  WrittenScope scope{kNodeOfFunction};
  NodesBelow nodes{scope};

  WrittenValue take_argument(DType dtype) {
    const std::string name = scope.free_name(str("input_", function.inputs.size()));
    function.inputs.emplace_back(name, dtype);
    return {.node = name, .dtype = dtype};
  }
  void hand_out(const WrittenValue& value, DType dtype) {
    const std::string name = str("output_", function.outputs.size());
    function.outputs.emplace_back(name, dtype);
    function.returns.emplace_back(name, scope.text_of(value));
  }
};

Shape shape_of_element(const Endpoint& element) {
  return is_list(element) ? Shape() : shape_at(element);
}

// A shape as an operation takes it; -1 where its rank isn't known.
Tensor shape_tensor(const Shape& shape) {
  if (!shape.has_rank()) return Tensor(-1);
  std::vector<int32_t> sizes;
  for (const int64_t size : shape.sizes()) sizes.push_back(static_cast<int32_t>(size));
  return Tensor::from<int32_t>(sizes, Shape({static_cast<int64_t>(sizes.size())}));
}

WrittenValue empty_list(DType element, NodesBelow& nodes) {
  const WrittenValue any = nodes.constant(Tensor(-1));
  return nodes.add("EmptyTensorList", "handle", kVariant, {any, any},
                   {{"element_dtype", element}, {"shape_type", int32}});
}

// What stands for a value that only the other branch makes: whoever takes it doesn't look at it.
WrittenValue missing(NodesBelow& nodes, DType dtype, DType element) {
  if (dtype != kVariant) return nodes.constant(Tensor::zeros(Shape(), dtype));
  return empty_list(element, nodes);
}

class FlowWriter {
 public:
  FlowWriter(GraphWriter& writer, WrittenScope& scope, Node& node)
      : writer_(writer), scope_(scope), node_(node), flow_(*node.flow) {}

  void write_conditional() {
    NewNode written = plain();
    std::vector<DType> types;
    const std::vector<Endpoint> captured(node_.inputs.begin() + 1, node_.inputs.end());
    for (const Endpoint& input : node_.inputs) {
      written.inputs.push_back(writer_.value(scope_, input, node_));
    }
    for (const Endpoint& input : captured) types.push_back(writer_.dtype_of(input));
    const std::vector<DType> results = types_of_results();
    for (const size_t number : {size_t{0}, size_t{1}}) {
      BodyFunction body;
      begin(body, *flow_.bodies[number], number == 0 ? "true" : "false");
      for (size_t i = 0; i < captured.size(); ++i) {
        body.scope.set(captured[i], body.take_argument(types[i]));
      }
      write_nodes(body, *flow_.bodies[number]);
      for (size_t i = 0; i < results.size(); ++i) hand_out_branch(body, number, i, results[i]);
      finish(body, *flow_.bodies[number]);
      written.functions.emplace_back(number == 0 ? "then_branch" : "else_branch",
                                     body.function.name);
    }
    written.attrs.set("Tcond", bool_);
    written.attrs.set("Tin", types);
    written.attrs.set("Tout", results);
    scope_.add_list(written, node_, results);
  }

  // The loop's own inputs go round and round, and behind them the number of rounds and the lists
  // that gradients take.
  void write_loop() {
    NewNode written = plain();
    std::vector<DType> types;
    std::vector<Shape> shapes;
    for (size_t i = 0; i < node_.inputs.size(); ++i) {
      written.inputs.push_back(writer_.value(scope_, node_.inputs[i], node_));
      types.push_back(writer_.dtype_of(node_.inputs[i]));
      shapes.push_back(i < flow_.variables ? node_.output_shapes[i] : Shape::unknown());
    }
    NodesBelow below(scope_, written.name + '/');
    written.inputs.push_back(below.constant(Tensor(0)));
    types.push_back(int32);
    for (const Endpoint& listed : flow_.listed) {
      written.inputs.push_back(empty_list(writer_.dtype_of(listed), below));
      types.push_back(kVariant);
    }
    written.functions.emplace_back("cond", write_loop_body(0, types));
    written.functions.emplace_back("body", write_loop_body(1, types));
    shapes.resize(types.size(), Shape::unknown());
    written.attrs.set("T", types);
    written.attrs.set("output_shapes", shapes);
    written.attrs.set("parallel_iterations", int64_t{10});
    add_loop(written, types);
  }

 private:
  NewNode plain() const {
    return {.name = *scope_.name_of(&node_),
            .op = node_.type(),
            .device = writer_.device_of(node_),
            .controls = writer_.controls_of(scope_, node_)};
  }

  void begin(BodyFunction& body, const Body& of, const char* what) {
    body.function.name = writer_.function_name(str(*scope_.name_of(&node_), '_', what));
    for (const Node* node : of.nodes) {
      if (is_written(*node)) body.scope.take_name(*node);
    }
  }

  void write_nodes(BodyFunction& body, const Body& of) {
    for (Node* node : of.nodes) writer_.write_node(body.scope, *node);
  }

  void finish(BodyFunction& body, const Body& of) {
    for (const Node* target : of.targets) {
      const std::string* name = body.scope.name_of(target);
      const auto& have = body.function.targets;
      if (name != nullptr && std::find(have.begin(), have.end(), *name) == have.end()) {
        body.function.targets.push_back(*name);
      }
    }
    body.function.nodes = std::move(body.scope.bytes());
    writer_.add_function(body.function);
  }

  std::vector<DType> types_of_results() const {
    std::vector<DType> types;
    for (size_t i = 0; i < node_.output_dtypes.size(); ++i) {
      types.push_back(writer_.dtype_of({&node_, static_cast<int>(i)}));
    }
    return types;
  }

  void hand_out_branch(BodyFunction& body, size_t number, size_t i, DType dtype) {
    const Endpoint& result = flow_.bodies[number]->results[i];
    if (result.node != nullptr) {
      return body.hand_out(writer_.value(body.scope, result, node_), dtype);
    }
    if (dtype == DType::resource) {
      return writer_.refuse("a variable or an array that only one branch has", node_);
    }
    const Endpoint own{&node_, static_cast<int>(i)};
    const Endpoint element = element_of(own);  // none of a list that the graph itself has
    body.hand_out(
        missing(body.nodes, dtype, element.node == nullptr ? float32 : writer_.dtype_of(element)),
        dtype);
  }

  // The function of the loop's condition (0) or body (1).
  std::string write_loop_body(size_t number, const std::vector<DType>& types) {
    const Body& of = *flow_.bodies[number];
    BodyFunction body;
    begin(body, of, number == 0 ? "cond" : "body");
    std::vector<WrittenValue> next;
    for (const DType dtype : types) next.push_back(body.take_argument(dtype));
    const size_t lists = node_.inputs.size() - flow_.bodies[1]->rounds.size();
    for (size_t i = 0; i < flow_.variables; ++i) {
      body.scope.set({of.parameters[i], 0}, next[i]);
    }
    for (size_t i = flow_.variables; i < lists; ++i) body.scope.set(node_.inputs[i], next[i]);
    for (size_t i = 0; i < of.rounds.size(); ++i) take_from_list(body, of, i, next[lists + i]);
    write_nodes(body, of);
    if (number == 0) {
      body.hand_out(writer_.value(body.scope, of.results[0], node_), bool_);
    } else {
      hand_out_round(body, types, std::move(next));
    }
    finish(body, of);
    return body.function.name;
  }

  // A gradient's loop takes the last value of each list, and goes on with the rest.
  void take_from_list(BodyFunction& body, const Body& of, size_t i, WrittenValue& list) {
    Node* const parameter = of.rounds[i].second;
    const Endpoint element{parameter, 0};
    const DType dtype = writer_.dtype_of(element);
    const WrittenValue shape = body.nodes.constant(shape_tensor(shape_of_element(element)));
    const WrittenValue popped = body.nodes.add("TensorListPopBack", "output_handle", kVariant,
                                               {list, shape}, {{"element_dtype", dtype}});
    list = popped;
    body.scope.set({parameter, 0},
                   {.node = popped.node, .output = "tensor", .index = 1, .dtype = dtype});
  }

  void hand_out_round(BodyFunction& body, const std::vector<DType>& types,
                      std::vector<WrittenValue> next) {
    const Body& of = *flow_.bodies[1];
    for (size_t i = 0; i < flow_.variables; ++i) {
      next[i] = writer_.value(body.scope, of.results[i], node_);
    }
    const size_t rounds = node_.inputs.size();
    next[rounds] = body.nodes.add("AddV2", "z", int32,
                                  {next[rounds], body.nodes.constant(Tensor(1))}, {{"T", int32}});
    for (size_t i = 0; i < flow_.listed.size(); ++i) {
      WrittenValue& list = next[rounds + 1 + i];
      const WrittenValue value = writer_.value(body.scope, flow_.listed[i], node_);
      list = body.nodes.add("TensorListPushBack", "output_handle", kVariant, {list, value},
                            {{"element_dtype", writer_.dtype_of(flow_.listed[i])}});
    }
    for (size_t i = 0; i < types.size(); ++i) body.hand_out(next[i], types[i]);
  }

  // Of the loop's outputs those that Tenon's has: its variables, then the number and the lists.
  void add_loop(const NewNode& written, const std::vector<DType>& types) {
    scope_.add(written);
    for (size_t i = 0; i < node_.output_dtypes.size(); ++i) {
      const size_t at = i < flow_.variables ? i : i - flow_.variables + node_.inputs.size();
      const int index = static_cast<int>(at);
      scope_.set({&node_, static_cast<int>(i)}, {written.name, "output", index, index, types[at]});
    }
  }

  GraphWriter& writer_;
  WrittenScope& scope_;
  Node& node_;
  const Flow& flow_;
};

}  // namespace

void write_flow(GraphWriter& writer, WrittenScope& scope, Node& node) {
  FlowWriter flow(writer, scope, node);
  if (node.def->action == PlanAction::kBranch) return flow.write_conditional();
  flow.write_loop();
}

}  // namespace tenon::internal
