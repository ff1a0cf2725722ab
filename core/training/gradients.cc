// Reverse-mode differentiation of the graph, as TensorFlow's _GradientsHelper: operations between
// xs and ys are visited once, each when the gradients of all its results are known.

#include "tenon/gradients.h"

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/builder.h"
#include "core/graph/endpoint.h"
#include "core/graph/gradient_overrides.h"
#include "core/ops/flow_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/op_scope.h"
#include "tenon/ops.h"

namespace tenon {
namespace internal {
namespace {

using NodeSet = std::unordered_set<const Node*>;

// Everything that the ys depend on, and in the order of making: inputs come before their readers.
std::vector<Node*> ancestors_of(const std::vector<Output>& ys) {
  NodeSet seen;
  std::vector<Node*> found, pending;
  const auto visit = [&](Node* node) {
    if (seen.insert(node).second) pending.push_back(node);
  };
  for (const Output& y : ys) visit(y.op().node());
  while (!pending.empty()) {
    Node* node = pending.back();
    pending.pop_back();
    found.push_back(node);
    for (const Endpoint& input : node->inputs) visit(input.node);
  }
  std::sort(found.begin(), found.end(), [](const Node* a, const Node* b) { return a->id < b->id; });
  return found;
}

// Whether gradients flow into an operation through that input. The gradient of a loop takes handles
// and lists of what the rounds made, through which TensorFlow's accumulators let none flow; lists
// of what arrived for the rounds are none of these.
bool takes_gradients_of(const Node& node, const Endpoint& input) {
  if (dtype_at(input) != DType::resource) return is_differentiable(input);
  const bool goes_back = node.flow != nullptr && node.flow->is_gradient;
  return !goes_back || input.node->type() == "_UnstackRounds";
}

// Of these, the xs' operations and what is reached from them through trainable tensors.
NodeSet reached_from(const std::vector<Output>& xs, const std::vector<Node*>& ordered) {
  NodeSet sources, reached;
  for (const Output& x : xs) sources.insert(x.op().node());
  for (const Node* node : ordered) {
    const bool reads_one =
        std::any_of(node->inputs.begin(), node->inputs.end(), [&](const Endpoint& input) {
          return reached.contains(input.node) && takes_gradients_of(*node, input);
        });
    if (reads_one || sources.contains(node)) reached.insert(node);
  }
  return reached;
}

// Of the reached ones, those from which a way of reached operations leads to a y.
NodeSet leading_to(const std::vector<Output>& ys, const std::vector<Node*>& ordered,
                   const NodeSet& reached) {
  NodeSet wanted, leading;
  for (const Output& y : ys) wanted.insert(y.op().node());
  for (auto node = ordered.rbegin(); node != ordered.rend(); ++node) {
    if (!reached.contains(*node) || !wanted.contains(*node)) continue;
    leading.insert(*node);
    for (const Endpoint& input : (*node)->inputs) wanted.insert(input.node);
  }
  return leading;
}

// A sum of gradients of one tensor. If all are sparse it stays sparse: their rows are put together.
Output aggregated(const Output& of, const std::vector<Output>& parts) {
  if (parts.size() == 1) return parts[0];
  const bool sparse = std::all_of(parts.begin(), parts.end(), [](const Output& part) {
    return part.op().type() == "_IndexedSlices";
  });
  if (!sparse) return sum_of_gradients(of, parts);
  std::vector<Input> rows, indices;
  const DType index_dtype = parts[0].op().input(1).dtype();
  for (const Output& part : parts) {
    rows.emplace_back(part.op().input(0));
    indices.emplace_back(cast(part.op().input(1), index_dtype));
  }
  return sparse_like(parts[0], concat(rows, 0), concat(indices, 0));
}

class Differentiator {
 public:
  Differentiator(const std::vector<Output>& ys, const std::vector<Output>& xs,
                 const std::vector<Output>& stops, const GradientsOptions& options)
      : options_(options) {
    const std::vector<Node*> ordered = ancestors_of(ys);
    between_ = leading_to(ys, ordered, reached_from(xs, ordered));
    for (const Node* node : ordered) {
      if (!between_.contains(node)) continue;
      for (const Endpoint& input : node->inputs) {
        if (between_.contains(input.node)) ++pending_[input.node];
      }
    }
    // An x that depends on no other x is where the walk ends.
    for (const Output& x : xs) {
      const Node* node = x.op().node();
      const bool depends =
          std::any_of(node->inputs.begin(), node->inputs.end(),
                      [&](const Endpoint& input) { return pending_.contains(input.node); });
      if (!depends) stops_.insert(node);
    }
    for (const Output& stop : stops) stops_.insert(stop.op().node());
  }

  void run(const std::vector<Output>& ys, const std::vector<Output>& grad_ys) {
    for (size_t i = 0; i < ys.size(); ++i) add(ys[i], grad_ys[i]);
    std::deque<Operation> ready;
    NodeSet started;
    for (const Output& y : ys) {
      const Node* node = y.op().node();
      if (between_.contains(node) && !pending_.contains(node) && started.insert(node).second) {
        ready.push_back(y.op());
      }
    }
    while (!ready.empty()) {
      const Operation op = ready.front();
      ready.pop_front();
      visit(op);
      for (int i = 0; i < op.input_count(); ++i) {
        const Operation producer = op.input(i).op();
        const auto left = pending_.find(producer.node());
        if (left != pending_.end() && between_.contains(producer.node()) && --left->second == 0) {
          ready.push_back(producer);
        }
      }
    }
  }

  Output gradient_of(const Output& x) const {
    const auto found = gradients_.find(x.op().node());
    if (found != gradients_.end()) {
      const auto& parts = found->second[static_cast<size_t>(x.index())];
      if (!parts.empty()) return aggregated(x, parts);
    }
    const bool zero = options_.unconnected_gradients == UnconnectedGradients::ZERO;
    return zero ? no_gradient_of(x) : Output();
  }

 private:
  void add(const Output& of, const Output& gradient) {
    auto& slots = gradients_[of.op().node()];
    if (slots.empty()) slots.resize(static_cast<size_t>(of.op().output_count()));
    slots[static_cast<size_t>(of.index())].push_back(gradient);
  }

  // Sums what has arrived for an operation's results and hands it on to its inputs.
  void visit(const Operation& op) {
    const auto found = gradients_.find(op.node());
    if (found == gradients_.end()) return;
    Outputs arrived;
    for (auto& parts : found->second) {
      const Output of = op.output(static_cast<int>(arrived.size()));
      if (parts.size() > 1) parts = {aggregated(of, parts)};
      arrived.push_back(parts.empty() ? Output() : parts[0]);
    }
    if (stops_.contains(op.node())) return;
    const OpGradient own = gradient_named_by(op);
    if (!own && !op.node()->def->differentiable) return;
    const Context there = colocated(op);
    const NameScope scope = name_scope(op.name() + "_grad");
    Outputs into_inputs = differentiate(op, arrived, own);
    if (options_.gate_gradients && into_inputs.size() > 1) into_inputs = gated(into_inputs);
    for (size_t i = 0; i < into_inputs.size(); ++i) {
      const Output& gradient = into_inputs[i];
      const Output input = op.input(static_cast<int>(i));
      if (!gradient || !between_.contains(input.op().node())) continue;
      // Of a resource variable's handle the node knows the variable's shape.
      if (!gradient.op().node()->attrs.has(kLateRows)) {
        gradient.set_shape(input.op().node()->output_shapes[static_cast<size_t>(input.index())]);
      }
      add(input, gradient);
    }
  }

  // `own` is the program's gradient of the operation, where it has one.
  static Outputs differentiate(const Operation& op, const Outputs& arrived, const OpGradient& own) {
    const RegisteredOp& def = *op.node()->def;
    require<UnimplementedError>(own || def.gradient != nullptr, ErrorKind::bad_argument,
                                "No gradient defined for operation '", op.name(),
                                "' (op type: ", op.type(), "), made at ", op.made_at());
    Outputs into_inputs =
        own ? call_own(own, op, with_zeros(op, arrived)) : def.gradient(op, arrived);
    require<ValueError>(static_cast<int>(into_inputs.size()) == op.input_count(),
                        ErrorKind::bad_argument, "Num gradients ", into_inputs.size(),
                        " generated for op '", op.name(), "' do not match num inputs ",
                        op.input_count());
    return into_inputs;
  }

  static Outputs call_own(const OpGradient& own, const Operation& op, const Outputs& arrived) {
    const ProgramRuns own_lines;
    return own(op, arrived);
  }

  static Outputs gated(const Outputs& gradients) {
    int present = 0;
    for (const Output& gradient : gradients) present += static_cast<bool>(gradient);
    return present > 1 ? tuple(gradients) : gradients;
  }

  Context colocated(const Operation& op) const {
    return options_.colocate_gradients_with_ops ? enter_colocate_with(op) : Context();
  }

  const GradientsOptions& options_;
  NodeSet between_, stops_;
  std::unordered_map<const Node*, int> pending_;  // readers between that weren't visited yet
  std::unordered_map<const Node*, std::vector<std::vector<Output>>> gradients_;
};

bool is_there(const Input& input) { return input.is_output() || input.value(); }

Output starting_gradient(const Output& y, const Input* asked, size_t index) {
  const std::string name = str("grad_ys_", index);
  if (asked == nullptr || !is_there(*asked)) {
    const Shape known = y.shape();
    if (known.fully_defined()) return ones(known, y.dtype(), {.name = name});
    return fill(shape(y), cast(1.0, y.dtype()), {.name = name});
  }
  const Output given =
      as_output(*asked, name, asked->is_weak() && !asked->is_output() ? y.dtype() : DType::invalid);
  require<TypeError>(given.dtype() == y.dtype(), ErrorKind::dtype_incompatible, "Gradient type ",
                     given.dtype(), " generated for tensor ", y.name(), " with type ", y.dtype(),
                     " must be ", y.dtype());
  const Shape has = given.shape(), wanted = y.shape();
  require<ValueError>(has.compatible_with(wanted), ErrorKind::shape_incompatible, "grad_ys[", index,
                      "] has shape ", has, ", but must have that of ", y.name(), ": ", wanted);
  if (has.fully_defined() && wanted.fully_defined()) return identity(given, {.name = name});
  return add_output("_OfShape", {given, y}, {.name = name});
}

std::vector<Output> endpoints_of(const ListOf<Ref>& refs) {
  std::vector<Output> endpoints;
  for (const Ref& ref : refs) endpoints.push_back(ref.endpoint());
  return endpoints;
}

}  // namespace
}  // namespace internal

std::vector<Output> gradients(const Inputs& ys, const ListOf<Ref>& xs,
                              const GradientsOptions& options, Location where) {
  using internal::require;
  const internal::CallerLine line(where);
  require<ValueError>(options.grad_ys.empty() || options.grad_ys.size() == ys.size(),
                      ErrorKind::bad_argument, "Passed ", options.grad_ys.size(), " grad_ys for ",
                      ys.size(), " ys");
  const int method = static_cast<int>(options.aggregation_method);
  require<ValueError>(method >= 0 && method <= 2, ErrorKind::bad_argument,
                      "Invalid aggregation_method specified: ", method,
                      ". Accepted values are those of tenon::AggregationMethod.");
  const std::vector<Output> from = internal::endpoints_of(xs);
  const std::vector<Output> stops = internal::endpoints_of(options.stop_gradients);
  std::vector<Input> all;
  for (const Inputs& list : {ys, Inputs(from), Inputs(stops), options.grad_ys}) {
    for (const Input& input : list) {
      if (input.is_output()) all.push_back(input);
    }
  }
  const internal::OpScope scope(options.name, "gradients", all);
  const std::vector<Output> tensors = internal::as_outputs(ys);
  internal::Differentiator differentiator(tensors, from, stops, options);
  std::vector<Output> grad_ys;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const Input* given = options.grad_ys.empty() ? nullptr : &options.grad_ys[i];
    grad_ys.push_back(internal::starting_gradient(tensors[i], given, i));
  }
  differentiator.run(tensors, grad_ys);
  std::vector<Output> results;
  for (const Output& x : from) results.push_back(differentiator.gradient_of(x));
  return results;
}

}  // namespace tenon
