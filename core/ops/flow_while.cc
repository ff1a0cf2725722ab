// While: runs its body again and again, as long as its condition holds. Its inputs are the first
// values of the loop variables, all that condition and body take from around them, and lists of
// another loop's rounds; its outputs the last values, the number of rounds, and lists of what
// gradients need of each round.
#include <memory>
#include <optional>
#include <vector>

#include "core/base/caller_line.h"
#include "core/ops/flow_gradients.h"
#include "core/ops/flow_rules.h"
#include "core/ops/loop_builder.h"
#include "core/ops/op_scope.h"
#include "tenon/control_flow.h"
#include "tenon/math_ops.h"

namespace tenon {
namespace internal {
namespace {

// Whether a variable of this shape fits what holds in every round.
bool fits(const Shape& shape, const Shape& every_round) {
  if (!every_round.has_rank()) return true;
  if (!shape.has_rank() || shape.rank() != every_round.rank()) return false;
  for (int i = 0; i < shape.rank(); ++i) {
    if (every_round[i] != kUnknown && shape[i] != every_round[i]) return false;
  }
  return true;
}

std::vector<Shape> shapes_of_rounds(const std::vector<Output>& initial,
                                    const std::vector<Shape>& invariants) {
  std::vector<Shape> shapes;
  for (const Output& one : initial) shapes.push_back(one.shape());
  if (invariants.empty()) return shapes;
  require<ValueError>(invariants.size() == initial.size(), ErrorKind::flow_mismatch, "There are ",
                      invariants.size(), " shape invariants for ", initial.size(),
                      " loop variables");
  for (size_t i = 0; i < initial.size(); ++i) {
    require<ValueError>(fits(shapes[i], invariants[i]), ErrorKind::flow_mismatch,
                        "The shape invariant specified for ", initial[i].name(),
                        " is not compatible with the initial shape of the loop variable. It enters",
                        " the loop with shape ", shapes[i],
                        ", but the specified shape invariant is ", invariants[i]);
  }
  return invariants;
}

void check_next(const std::vector<Output>& next, const LoopBuilder& loop, size_t first) {
  require<ValueError>(first + next.size() == loop.variables(), ErrorKind::flow_mismatch,
                      "The body of a while loop must return as many values as there are loop ",
                      "variables: ", loop.variables() - first, ", not ", next.size());
  for (size_t i = 0; i < next.size(); ++i) {
    const Output& initial = loop.initial(first + i);
    require<ValueError>(next[i].dtype() == initial.dtype(), ErrorKind::flow_mismatch,
                        "Loop variable '", initial.name(), "' is ", initial.dtype(),
                        ", but the body answers ", next[i].dtype(), " for it ('", next[i].name(),
                        "')");
    require<ValueError>(fits(next[i].shape(), loop.shape(first + i)), ErrorKind::flow_mismatch,
                        "Input tensor '", initial.name(), "' enters the loop with shape ",
                        loop.shape(first + i), ", but has shape ", next[i].shape(),
                        " after one iteration. To allow the shape to vary across iterations, give ",
                        "WhileLoopOptions::shape_invariants");
  }
}

// The body's next values with its number of rounds before them, where that is limited.
class RoundLimit {
 public:
  RoundLimit(LoopBuilder& loop, const Output& most)
      : loop_(loop), most_(most), variable_(loop.add_variable(zeros(Shape(), most.dtype()), {})) {}

  Output goes_on(const Output& condition) const {
    return logical_and(less(loop_.parameter(loop_.condition(), variable_), most_), condition);
  }
  Output next() const { return add(loop_.parameter(loop_.body(), variable_), 1); }

 private:
  LoopBuilder& loop_;
  const Output most_;
  const size_t variable_;
};

Output build_condition(GraphState& graph, const LoopBuilder& loop, size_t first,
                       const LoopCondition& condition, const RoundLimit* limit) {
  const InBody inside(graph, &loop.condition());
  const std::vector<Output> variables = loop.parameters(loop.condition(), first);
  Output holds;
  {
    std::optional<ProgramRuns> own_lines(std::in_place);
    const Input answer = condition(variables);
    own_lines.reset();
    require<ValueError>(answer.is_output() || answer.value(), ErrorKind::bad_argument,
                        "The condition of a while loop must return a value");
    holds = as_output(answer);
  }
  check_predicate(holds);
  return limit != nullptr ? limit->goes_on(holds) : holds;
}

std::vector<Output> build_body(GraphState& graph, const LoopBuilder& loop, size_t first,
                               const LoopBody& body) {
  const InBody inside(graph, &loop.body());
  const std::vector<Output> variables = loop.parameters(loop.body(), first);
  Returned returned;
  {
    const ProgramRuns own_lines;
    returned = body(variables);
  }
  std::vector<Output> next = tensors_of(returned, "The body of a while loop");
  check_next(next, loop, first);
  return next;
}

}  // namespace

void register_flow_while(OpRegistry& ops) {
  ops.add({.name = "While",
           .shape = made_with_bodies_alone,
           .gradient = while_gradient,
           .stateful = true,
           .action = PlanAction::kLoop});
}

void require_variables(size_t taken, size_t given) {
  const CallerLine line(ProgramRuns::call_or_else({}));
  require<ValueError>(taken == given, ErrorKind::flow_mismatch, "A function of a while loop takes ",
                      taken, " loop variables, of which there are ", given);
}

std::vector<Output> make_while_loop(const LoopCondition& condition, const LoopBody& body,
                                    const Inputs& loop_vars, const WhileLoopOptions& options,
                                    const Location& where) {
  const CallerLine line(where);
  require<ValueError>(!loop_vars.empty(), ErrorKind::bad_argument, "No loop variables provided");
  const OpScope scope(options.name, "while", loop_vars.items());
  const std::shared_ptr<GraphState> graph = default_graph_state();
  std::vector<Output> initial;
  for (const Input& variable : loop_vars) initial.push_back(as_output(variable));
  const std::vector<Shape> shapes = shapes_of_rounds(initial, options.shape_invariants);
  std::optional<Output> most;
  if (options.maximum_iterations) {
    most = as_output(*options.maximum_iterations);
    require<ValueError>(most->shape().compatible_with(Shape()), ErrorKind::shape_incompatible,
                        "maximum_iterations must be a scalar, but has shape ", most->shape());
  }
  LoopBuilder loop(*graph, scope.name());
  std::optional<RoundLimit> limit;
  if (most) limit.emplace(loop, *most);
  const size_t first = loop.variables();
  for (size_t i = 0; i < initial.size(); ++i) loop.add_variable(initial[i], shapes[i]);
  const Output goes_on = build_condition(*graph, loop, first, condition, limit ? &*limit : nullptr);
  std::vector<Output> next = build_body(*graph, loop, first, body);
  if (limit) {
    const InBody inside(*graph, &loop.body());
    next.insert(next.begin(), limit->next());
  }
  Node* node = loop.finish(goes_on, next, {.differentiable = options.back_prop});
  std::vector<Output> results;
  for (size_t i = first; i < loop.variables(); ++i) {
    results.push_back(graph->handle(Endpoint{node, static_cast<int>(i)}));
  }
  return results;
}

}  // namespace internal
}  // namespace tenon
