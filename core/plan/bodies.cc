#include "core/plan/bodies.h"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include "core/base/check.h"
#include "core/graph/variable_name.h"
#include "core/plan/passes.h"
#include "core/plan/plan_graph.h"

namespace tenon::internal {
namespace {

using From = BodySource::From;

template <typename T>
std::optional<size_t> position_of(const T& list, const auto& item) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i] == item) return i;
  }
  return std::nullopt;
}

// Works out what a body is fed for what it is to hand out.
class CallMaker {
 public:
  CallMaker(const Node& owner, const Body& body, const std::vector<bool>& fed)
      : owner_(owner), body_(body), fed_(fed) {
    call_.body = &body;
    call_.targets = body.targets;
  }

  BodySource result(const Endpoint& value) {
    if (value.node == nullptr) return {};
    if (const BodySource given = given_source(value); given.from != From::kNone) return given;
    const std::optional<size_t> known = position_of(call_.fetches, value);
    if (!known) call_.fetches.push_back(value);
    return {From::kFetch, known.value_or(call_.fetches.size() - 1)};
  }
  void add_result(const Endpoint& value) { call_.results.push_back(result(value)); }
  void add_no_result() { call_.results.emplace_back(); }
  void add_listed(const Endpoint& value) { call_.listed.push_back(result(value)); }

  BodyCall finish() {
    for (const Endpoint& fetch : call_.fetches) reach(fetch.node);
    for (const Node* target : call_.targets) reach(target);
    while (!open_.empty()) {
      const Node* node = open_.back();
      open_.pop_back();
      for (const Endpoint& input : node->inputs) take(input);
      for (const Node* control : node->control_inputs) {
        if (control->body != nullptr && control->body->is_within(&body_)) reach(control);
      }
    }
    return std::move(call_);
  }

 private:
  // Of what the body is given, not what it makes.
  BodySource given_source(const Endpoint& value) const {
    if (value.node->body == &body_) {
      if (const auto at = position_of(body_.parameters, value.node)) return {From::kParameter, *at};
      for (const auto& [list, parameter] : body_.rounds) {
        if (parameter == value.node) return {From::kRound, *position_of(owner_.inputs, list)};
      }
      return {};
    }
    if (value.node->def->action == PlanAction::kConstant) return {};  // found by itself
    const auto at = position_of(owner_.inputs, value);
    if (stands_for_variable(*value.node) && !(at && fed_[*at])) return {};
    return at ? BodySource{From::kInput, *at} : BodySource{};
  }

  void take(const Endpoint& input) {
    const BodySource source = given_source(input);
    if (source.from == From::kNone) {
      if (input.node->body == &body_) reach(input.node);
    } else if (!position_of(call_.feeds, input)) {
      call_.feeds.push_back(input);
      call_.fed_from.push_back(source);
      call_.declared.push_back({nth(input.node->output_dtypes, input.index),
                                nth(input.node->output_shapes, input.index)});
    }
  }

  void reach(const Node* node) {
    if (node->body == &body_ && seen_.insert(node).second) open_.push_back(node);
  }

  const Node& owner_;
  const Body& body_;
  const std::vector<bool>& fed_;
  BodyCall call_;
  std::vector<const Node*> open_;
  std::unordered_set<const Node*> seen_;
};

BodyCall call_of_branch(const Node& owner, const Body& body, const FlowUse& use) {
  CallMaker call(owner, body, use.fed);
  for (size_t i = 0; i < body.results.size(); ++i) {
    use.wanted[i] ? call.add_result(body.results[i]) : call.add_no_result();
  }
  return call.finish();
}

BodyCall call_of_condition(const Node& owner, const std::vector<bool>& fed) {
  const Body& body = *owner.flow->bodies[0];
  CallMaker call(owner, body, fed);
  call.add_result(body.results[0]);
  return call.finish();
}

// Adds the parameters that a call takes to those that are wanted; whether there are more now.
bool add_parameters(const BodyCall& call, std::vector<bool>& wanted) {
  bool more = false;
  call.for_each_source([&](const BodySource& source) {
    if (source.from != From::kParameter || wanted[source.index]) return;
    wanted[source.index] = more = true;
  });
  return more;
}

BodyCall call_of_round(const Node& owner, const FlowUse& use) {
  const Flow& flow = *owner.flow;
  std::vector<bool> wanted = use.wanted;
  add_parameters(call_of_condition(owner, use.fed), wanted);
  while (true) {
    CallMaker call(owner, *flow.bodies[1], use.fed);
    for (size_t i = 0; i < flow.variables; ++i) {
      wanted[i] ? call.add_result(flow.bodies[1]->results[i]) : call.add_no_result();
    }
    for (size_t i = 0; i < flow.listed.size(); ++i) {
      call.add_listed(wanted[flow.variables + 1 + i] ? flow.listed[i] : Endpoint{});
    }
    BodyCall made = call.finish();
    if (!add_parameters(made, wanted)) return made;
  }
}

// Finds the variables that bodies use.
class VariableFinder {
 public:
  VariableFinder(const Node& owner, const FlowUse& use) {
    for (size_t i = 0; i < owner.inputs.size(); ++i) {
      if (use.fed[i]) fed_.push_back(owner.inputs[i]);
    }
    add_bodies(owner);
  }

  std::map<const Node*, bool> found() && { return std::move(found_); }

 private:
  void add_bodies(const Node& owner) {
    for (const Body* body : owner.flow->bodies) {
      for (const Node* node : body->nodes) {
        if (owns_bodies(*node)) {
          add_bodies(*node);
          continue;
        }
        for (size_t i = 0; i < node->inputs.size(); ++i) {
          add(node->inputs[i], contains(node->def->writes, i));
        }
      }
      for (const Endpoint& result : body->results) {
        if (result.node != nullptr) add(result, false);
      }
    }
  }

  void add(const Endpoint& used, bool is_written) {
    const Node* variable = variable_of(names_variable(*used.node) ? used.node->inputs[0] : used);
    if (variable == nullptr || (!is_written && position_of(fed_, used))) return;
    found_[variable] = found_[variable] || is_written;
  }

  std::vector<Endpoint> fed_;
  std::map<const Node*, bool> found_;
};

// Works out shapes by planning the bodies as far as that.
class ShapeFinder {
 public:
  ShapeFinder(const GraphState& graph, const PlanEnvironment& environment, const Node& owner,
              const FlowInputs& inputs)
      : graph_(graph), environment_(environment), owner_(owner), inputs_(inputs) {}

  Shapes run() const {
    Shapes shapes;
    for (const Shape& shape : owner_.output_shapes) {
      shapes.push_back(shape.fully_defined() ? shape : Shape::unknown());
    }
    bool all_known = true;
    for (size_t i = 0; i < shapes.size(); ++i) {
      all_known = all_known && (shapes[i].fully_defined() || !inputs_.use.wanted[i]);
    }
    if (all_known || owner_.def->action == PlanAction::kCall) return shapes;
    owner_.def->action == PlanAction::kBranch ? find_branch_shapes(shapes)
                                              : find_loop_shapes(shapes);
    return shapes;
  }

 private:
  static Shapes unknown(size_t count) { return Shapes(count, Shape::unknown()); }

  void find_branch_shapes(Shapes& shapes) const {
    const std::vector<BodyCall> calls = body_calls(owner_, inputs_.use);
    const std::array<Shapes, 2> found = {shapes_of(calls[0], {}), shapes_of(calls[1], {})};
    for (size_t i = 0; i < shapes.size(); ++i) {
      if (shapes[i].fully_defined()) continue;
      if (!inputs_.use.wanted[i]) continue;
      const bool in_one =
          calls[0].results[i].from == From::kNone || calls[1].results[i].from == From::kNone;
      if (in_one) {
        shapes[i] = found[calls[0].results[i].from == From::kNone ? 1 : 0][i];
      } else if (found[0][i] == found[1][i]) {
        shapes[i] = found[0][i];
      }
    }
  }

  // A loop's variables keep the shapes that they have at first, where a round of these gives them
  // again.
  void find_loop_shapes(Shapes& shapes) const {
    const std::vector<BodyCall> calls = body_calls(owner_, inputs_.use);
    const size_t count = owner_.flow->variables;
    Shapes first;
    for (size_t i = 0; i < count; ++i) first.push_back(inputs_.shapes[i]);
    const Shapes next = shapes_of(calls[1], first);
    for (size_t i = 0; i < count; ++i) {
      const bool counts = calls[1].results[i].from != From::kNone && !shapes[i].fully_defined();
      if (counts && next[i] != first[i]) return;
    }
    for (size_t i = 0; i < count; ++i) {
      if (!shapes[i].fully_defined()) shapes[i] = first[i];
    }
  }

  // Of the results of a body.
  Shapes shapes_of(const BodyCall& call, const Shapes& parameters) const {
    PlanRequest request{.fetches = call.fetches, .targets = call.targets, .body = call.body};
    for (size_t i = 0; i < call.feeds.size(); ++i) {
      const auto [shape, known] = fed(call.feeds[i], call.fed_from[i], parameters);
      if (!shape.fully_defined()) return unknown(call.results.size());
      request.feeds.push_back({.endpoint = call.feeds[i],
                               .dtype = nth(call.feeds[i].node->output_dtypes, call.feeds[i].index),
                               .shape = shape,
                               .known = known});
    }
    Shapes fetched = unknown(call.fetches.size());
    try {
      PlanGraph plan;
      prune(plan, graph_, request);
      specialise(plan, environment_, &graph_);
      for (size_t i = 0; i < fetched.size(); ++i) {
        fetched[i] = plan.value(plan.fetches()[i]).shape;
      }
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): thrown again if that body runs
    }
    Shapes shapes;
    for (const BodySource& source : call.results) {
      if (source.from == From::kFetch) {
        shapes.push_back(fetched[source.index]);
      } else if (source.from == From::kInput) {
        shapes.push_back(inputs_.shapes[source.index]);
      } else if (source.from == From::kParameter) {
        shapes.push_back(parameters[source.index]);
      } else {
        shapes.push_back(Shape::unknown());
      }
    }
    return shapes;
  }

  std::pair<Shape, Tensor> fed(const Endpoint& endpoint, const BodySource& source,
                               const Shapes& parameters) const {
    if (source.from == From::kInput) {
      return {inputs_.shapes[source.index], inputs_.known[source.index]};
    }
    if (source.from == From::kParameter) return {parameters[source.index], {}};
    return {nth(endpoint.node->output_shapes, endpoint.index), {}};
  }

  const GraphState& graph_;
  const PlanEnvironment& environment_;
  const Node& owner_;
  const FlowInputs& inputs_;
};

}  // namespace

bool stands_for_variable(const Node& node) {
  return node.def->is_variable || (names_variable(node) && variable_of(node.inputs[0]) != nullptr);
}

bool finds_variable_of(const Node& owner, size_t input) {
  if (!owns_bodies(owner) || owner.def->action == PlanAction::kCall) return false;
  const size_t own = owner.def->action == PlanAction::kBranch ? 1 : owner.flow->variables;
  return input >= own && stands_for_variable(*owner.inputs[input].node);
}

std::vector<BodyCall> body_calls(const Node& owner, const FlowUse& use) {
  const std::vector<Body*>& bodies = owner.flow->bodies;
  if (owner.def->action == PlanAction::kCall) return {};
  if (owner.def->action == PlanAction::kBranch) {
    return {call_of_branch(owner, *bodies[0], use), call_of_branch(owner, *bodies[1], use)};
  }
  return {call_of_condition(owner, use.fed), call_of_round(owner, use)};
}

std::vector<bool> needed_inputs(const Node& owner, const FlowUse& use) {
  std::vector<bool> needed(owner.inputs.size(), owner.def->action == PlanAction::kCall);
  const std::vector<BodyCall> calls = body_calls(owner, use);
  for (const BodyCall& call : calls) {
    call.for_each_source([&](const BodySource& source) {
      if (source.from == From::kInput || source.from == From::kRound) needed[source.index] = true;
    });
  }
  if (owner.def->action == PlanAction::kBranch) needed[0] = true;
  for (size_t i = 0; i < owner.flow->variables; ++i) {
    const auto takes = [&](const BodyCall& call) {
      return std::any_of(call.fed_from.begin(), call.fed_from.end(), [&](const BodySource& source) {
        return source.from == From::kParameter && source.index == i;
      });
    };
    if (calls[1].results[i].from != From::kNone || takes(calls[0]) || takes(calls[1])) {
      needed[i] = true;
    }
  }
  return needed;
}

std::map<const Node*, bool> variables_in(const Node& owner, const FlowUse& use) {
  return VariableFinder(owner, use).found();
}

Shapes flow_shapes(const GraphState& graph, const PlanEnvironment& environment, const Node& owner,
                   const FlowInputs& inputs) {
  return ShapeFinder(graph, environment, owner, inputs).run();
}

}  // namespace tenon::internal
