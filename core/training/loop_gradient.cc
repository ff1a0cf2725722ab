// The gradient of a loop.
#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>
#include <vector>

#include "core/graph/body.h"
#include "core/ops/flow_gradients.h"
#include "core/ops/flow_rules.h"
#include "core/ops/loop_builder.h"
#include "tenon/array_ops.h"
#include "tenon/gradients.h"
#include "tenon/math_ops.h"

namespace tenon::internal {
namespace {

// What is added up over the rounds of a gradient: the gradients for what the loop takes.
struct Sums {
  std::vector<size_t> inputs;     // of the loop, by number
  std::vector<size_t> variables;  // of the gradient's loop
  std::vector<Output> next;
};

// Sparse gradients for what the loop takes: each round's rows, and their numbers.
struct Rows {
  size_t input = 0;
  Output rows, indices;
};

// The loop that goes through a loop's rounds from the last to the first.
class LoopGradient {
 public:
  LoopGradient(const Operation& op, const Outputs& dy)
      : op_(op),
        flow_(*op.node()->flow),
        graph_(*op.state()),
        dy_(dy),
        builder_(graph_, op.name()) {
    builder_.body().forward = flow_.bodies[1];
    for (size_t i = flow_.variables + 1; i < dy_.size(); ++i) {
      if (dy_[i]) listed_.emplace_back(flow_.listed[i - flow_.variables - 1], dy_[i]);
    }
  }

  Outputs run() {
    const Output rounds = op_.output(static_cast<int>(flow_.variables));
    builder_.add_variable(rounds, Shape());
    for (const size_t i : differentiated_variables()) {
      const Output last = op_.output(static_cast<int>(i));
      differentiated_.push_back(i);
      builder_.add_variable(dy_[i] ? dy_[i] : no_gradient_of(last), last.shape());
    }
    std::vector<Output> next = differentiate_round();
    Output goes_on;
    {
      const InBody inside(graph_, &builder_.condition());
      goes_on = greater(builder_.parameter(builder_.condition(), 0), 0);
    }
    Node* loop = builder_.finish(goes_on, next, {.is_gradient = true});
    Outputs into(op_.node()->inputs.size());
    const auto result = [&](size_t i) {
      return graph_.handle(Endpoint{loop, static_cast<int>(i)});
    };
    for (size_t i = 0; i < differentiated_.size(); ++i) into[differentiated_[i]] = result(1 + i);
    for (size_t i = 0; i < sums_.inputs.size(); ++i) {
      into[sums_.inputs[i]] = result(sums_.variables[i]);
    }
    for (const Rows& rows : rows_) into[rows.input] = sum_of(rows);
    return into;
  }

 private:
  // The loop variables on which those depend for whose last values gradients have arrived.
  std::set<size_t> differentiated_variables() const {
    std::set<size_t> found;
    std::vector<size_t> open;
    const auto add = [&](size_t variable) {
      const Output last = op_.output(static_cast<int>(variable));
      if (is_differentiable(endpoint_of(last)) && found.insert(variable).second)
        open.push_back(variable);
    };
    for (size_t i = 0; i < flow_.variables; ++i) {
      if (dy_[i]) add(i);
    }
    for (const auto& [value, dy] : listed_) {
      for (const size_t variable : variables_behind(value)) add(variable);
    }
    while (!open.empty()) {
      const Endpoint result = flow_.bodies[1]->results[open.back()];
      open.pop_back();
      for (const size_t variable : variables_behind(result)) add(variable);
    }
    return found;
  }

  // Those that a value of the body depends on through numbers that gradients flow through.
  std::vector<size_t> variables_behind(const Endpoint& value) const {
    const Body& body = *flow_.bodies[1];
    std::vector<size_t> found;
    std::set<const Node*> seen;
    std::vector<const Node*> open;
    const auto visit = [&](const Endpoint& endpoint) {
      if (is_differentiable(endpoint) && endpoint.node->body == &body &&
          seen.insert(endpoint.node).second) {
        open.push_back(endpoint.node);
      }
    };
    visit(value);
    while (!open.empty()) {
      const Node* node = open.back();
      open.pop_back();
      const auto at = std::find(body.parameters.begin(), body.parameters.end(), node);
      if (at != body.parameters.end()) {
        found.push_back(static_cast<size_t>(at - body.parameters.begin()));
      }
      if (!node->def->differentiable) continue;
      for (const Endpoint& input : node->inputs) visit(input);
    }
    return found;
  }

  // The next values of the gradient's loop variables.
  std::vector<Output> differentiate_round() {
    const Body& forward = *flow_.bodies[1];
    std::vector<Output> xs;
    std::vector<size_t> captures;
    for (const size_t i : differentiated_) {
      xs.push_back(graph_.handle(Endpoint{forward.parameters[i], 0}));
    }
    for (size_t i = flow_.variables; i < op_.node()->inputs.size(); ++i) {
      if (!takes_gradient(op_.node()->inputs[i])) continue;
      captures.push_back(i);
      xs.push_back(op_.input(static_cast<int>(i)));
    }
    std::vector<Output> found, next;
    Body& body = builder_.body();
    {
      const InBody inside(graph_, &body);
      found = gradients_of_round(xs);
      next.push_back(subtract(builder_.parameter(body, 0), 1));
      for (size_t i = 0; i < differentiated_.size(); ++i) {
        next.push_back(found[i] ? found[i] : zeros_for(xs[i], builder_.parameter(body, 1 + i)));
      }
    }
    for (size_t i = 0; i < captures.size(); ++i) {
      if (const Output& gradient = found[differentiated_.size() + i])
        add_sum(captures[i], gradient);
    }
    next.insert(next.end(), sums_.next.begin(), sums_.next.end());
    return next;
  }

  // The zeros that are the next gradient of a variable.
  static Output zeros_for(const Output& variable, const Output& gradient) {
    const bool is_list = is_tensor_list(endpoint_of(variable));
    if (!is_list) return zeros_like(gradient);
    return add_output("_TensorListZeros", {gradient}, {.name = "zeros_like"});
  }

  std::vector<Output> gradients_of_round(const std::vector<Output>& xs) {
    const Body& forward = *flow_.bodies[1];
    std::vector<Input> ys, grad_ys;
    for (size_t i = 0; i < differentiated_.size(); ++i) {
      ys.emplace_back(graph_.handle(forward.results[differentiated_[i]]), Location{});
      grad_ys.emplace_back(builder_.parameter(builder_.body(), 1 + i), Location{});
    }
    Body& body = builder_.body();
    for (const auto& [value, dy] : listed_) {
      const Endpoint list = visible_from(graph_, body.outer, {dy.op().node(), dy.index()});
      ys.emplace_back(graph_.handle(value), Location{});
      grad_ys.emplace_back(graph_.handle(element_of_round(graph_, body, list, value)), Location{});
    }
    if (ys.empty() || xs.empty()) return std::vector<Output>(xs.size());
    return gradients(ys, xs, {.grad_ys = grad_ys, .stop_gradients = xs});
  }

  // Rows are added up behind the loop: a round takes as long however many others there are.
  void add_rows(size_t input, const Output& gradient) {
    const InBody inside(graph_, &builder_.body());
    rows_.push_back({input, identity(gradient.op().input(0)), identity(gradient.op().input(1))});
  }

  Output sum_of(const Rows& of) const {
    const auto list = [&](const Output& value) {
      return graph_.handle(list_of_rounds(builder_.body(), {value.op().node(), value.index()}));
    };
    const Output like = no_gradient_of(op_.input(static_cast<int>(of.input)));
    return add_output("_SumRounds", {list(of.rows), list(of.indices), shape(like)},
                      {.attrs = {{"dtype", like.dtype()}}});
  }

  void add_sum(size_t input, const Output& gradient) {
    if (gradient.op().type() == "_IndexedSlices") return add_rows(input, gradient);
    const Output zero = no_gradient_of(op_.input(static_cast<int>(input)));
    const size_t variable = builder_.add_variable(zero, zero.shape());
    const InBody inside(graph_, &builder_.body());
    sums_.inputs.push_back(input);
    sums_.variables.push_back(variable);
    const Output sum = builder_.parameter(builder_.body(), variable);
    sums_.next.push_back(is_tensor_list(endpoint_of(zero)) ? sum_of_gradients(zero, {sum, gradient})
                                                           : add(sum, gradient));
  }

  const Operation& op_;
  const Flow& flow_;
  GraphState& graph_;
  const Outputs& dy_;
  LoopBuilder builder_;
  std::vector<size_t> differentiated_;               // loop variables
  std::vector<std::pair<Endpoint, Output>> listed_;  // and the gradients that arrived for them
  Sums sums_;
  std::vector<Rows> rows_;
};

}  // namespace

Outputs while_gradient(const Operation& op, const Outputs& dy) {
  const Flow& flow = *op.node()->flow;
  if (!flow.differentiable) return Outputs(op.node()->inputs.size());
  require<UnimplementedError>(!flow.is_gradient, ErrorKind::no_gradient,
                              "Second-order gradients of while loops are not supported: '",
                              op.name(), "', made at ", op.made_at(), ", is a loop's gradient");
  return LoopGradient(op, dy).run();
}

}  // namespace tenon::internal
