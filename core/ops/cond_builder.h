// A conditional while it is built: an If and its branches.
#pragma once

#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/caller_line.h"
#include "core/ops/flow_rules.h"

namespace tenon::internal {

// The sizes that two shapes share; the others are unknown.
inline Shape shared_shape(const Shape& a, const Shape& b) {
  if (!a.has_rank() || !b.has_rank() || a.rank() != b.rank()) return Shape::unknown();
  Shape shape = a;
  for (int i = 0; i < a.rank(); ++i) {
    if (a[i] != b[i]) shape[i] = kUnknown;
  }
  return shape;
}

// A conditional while it is built.
class CondBuilder {
 public:
  CondBuilder(GraphState& graph, const Output& predicate, const std::string& name)
      : graph_(graph), predicate_(predicate), first_(graph.node_count()) {
    for (Body*& branch : branches_) {
      branch = &graph.add_body({.outer = graph.contexts().body, .name = name});
    }
  }

  Body& branch(size_t number) const { return *branches_[number]; }

  // Calls a function in a branch. What it answers is checked by the caller.
  std::vector<Output> call(size_t number, const BranchFunction& function) {
    const InBody inside(graph_, branches_[number]);
    Returned returned;
    {
      const ProgramRuns own_lines;
      returned = function();
    }
    for (size_t i = 0; i < returned.items().size(); ++i) {
      if (returned.items()[i].op) waiting_.insert(i);
    }
    return tensors_of(returned, number == 0 ? "true_fn" : "false_fn", number == 0);
  }

  // The conditional, whose branches hand these out.
  std::vector<Output> finish(const std::array<std::vector<Output>, 2>& results,
                             const std::string& name = "Merge") {
    FlowArguments arguments{.type = "If", .name = name, .where = CallerLine::or_else({})};
    for (size_t i = 0; i < branches_.size(); ++i) {
      const InBody inside(graph_, branches_[i]);
      branches_[i]->results = results_of(graph_, results[i]);
    }
    for (size_t i = 0; i < results[0].size(); ++i) {
      arguments.output_dtypes.push_back(results[0][i].dtype());
      const Shape shape = shared_shape(results[0][i].shape(), results[1][i].shape());
      // In place of an operation stands the predicate, in TensorFlow.
      const bool is_unknown = waiting_.contains(i) && !predicate_.shape().has_rank();
      arguments.output_shapes.push_back(is_unknown ? Shape::unknown() : shape);
    }
    Captures captures = close_bodies(graph_, first_, {branches_[0], branches_[1]});
    arguments.inputs.push_back(
        visible_from(graph_, graph_.contexts().body, endpoint_of(predicate_)));
    arguments.inputs.insert(arguments.inputs.end(), captures.values.begin(), captures.values.end());
    arguments.control_inputs = std::move(captures.controls);
    arguments.flow.bodies = {branches_[0], branches_[1]};
    Node* node = graph_.add_flow(std::move(arguments));
    std::vector<Output> outputs;
    for (size_t i = 0; i < results[0].size(); ++i) {
      outputs.push_back(graph_.handle(Endpoint{node, static_cast<int>(i)}));
    }
    return outputs;
  }

 private:
  GraphState& graph_;
  const Output predicate_;
  const int first_;  // node that may stand in a branch
  std::array<Body*, 2> branches_ = {};
  std::set<size_t> waiting_;  // results in place of which a branch answered an operation
};

}  // namespace tenon::internal
