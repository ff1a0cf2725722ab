// A loop while it is built: a While, its condition and its body.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/caller_line.h"
#include "core/ops/flow_rules.h"

namespace tenon::internal {

class LoopBuilder {
 public:
  LoopBuilder(GraphState& graph, const std::string& name)
      : graph_(graph),
        first_(graph.node_count()),
        condition_(add_body(name)),
        body_(add_body(name)) {}

  Body& condition() const { return condition_; }
  Body& body() const { return body_; }

  // One more loop variable: as which number.
  size_t add_variable(const Output& initial, const Shape& shape) {
    initial_.push_back(initial);
    shapes_.push_back(shape);
    for (Body* body : {&condition_, &body_}) {
      const InBody inside(graph_, body);
      const Context no_controls = enter_no_control_inputs(body);
      body->parameters.push_back(make_parameter(initial.dtype(), shape).op().node());
    }
    return initial_.size() - 1;
  }
  size_t variables() const { return initial_.size(); }
  const Output& initial(size_t i) const { return initial_[i]; }
  const Shape& shape(size_t i) const { return shapes_[i]; }
  Output parameter(const Body& of, size_t i) const {
    return graph_.handle(Endpoint{of.parameters[i], 0});
  }
  std::vector<Output> parameters(const Body& of, size_t first = 0) const {
    std::vector<Output> all;
    for (size_t i = first; i < variables(); ++i) all.push_back(parameter(of, i));
    return all;
  }

  // The loop: its condition, and the next values of all variables.
  Node* finish(const Output& condition, const std::vector<Output>& next, Flow flow,
               const std::string& name = "Exit") {
    set_results(condition_, {condition});
    set_results(body_, next);
    Captures captures = close_bodies(graph_, first_, {&condition_, &body_});
    FlowArguments arguments{.type = "While",
                            .name = name,
                            .control_inputs = std::move(captures.controls),
                            .where = CallerLine::or_else({})};
    Body* const here = graph_.contexts().body;
    for (const Output& initial : initial_) {
      arguments.inputs.push_back(visible_from(graph_, here, endpoint_of(initial)));
      arguments.output_dtypes.push_back(initial.dtype());
    }
    arguments.inputs.insert(arguments.inputs.end(), captures.values.begin(), captures.values.end());
    for (const auto& [list, parameter] : body_.rounds) arguments.inputs.push_back(list);
    for (const Shape& shape : shapes_) arguments.output_shapes.push_back(shape);
    arguments.output_dtypes.push_back(DType::int32);  // the number of rounds
    arguments.output_shapes.push_back(Shape());
    flow.bodies = {&condition_, &body_};
    flow.variables = initial_.size();
    arguments.flow = std::move(flow);
    return graph_.add_flow(std::move(arguments));
  }

 private:
  Body& add_body(const std::string& name) {
    return graph_.add_body({.outer = graph_.contexts().body, .repeats = true, .name = name});
  }

  // Parameters wait for nothing: what is around the loop, the loop waits for.
  Context enter_no_control_inputs(Body* body) {
    Context none = enter_no_control_dependencies();
    graph_.contexts().body = body;
    return none;
  }

  void set_results(Body& body, const std::vector<Output>& tensors) {
    const InBody inside(graph_, &body);
    body.results = results_of(graph_, tensors);
  }

  GraphState& graph_;
  const int first_;
  Body& condition_;
  Body& body_;
  std::vector<Output> initial_;
  std::vector<Shape> shapes_;
};

}  // namespace tenon::internal
