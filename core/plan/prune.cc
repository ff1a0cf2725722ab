// Prune: copies what the fetches and targets hang on, in an order in which inputs come first.
// Nothing behind a fed value is copied.
#include <unordered_map>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/plan/plan_graph.h"

namespace tenon::internal {
namespace {

class Pruner {
 public:
  Pruner(const GraphState& graph, const PlanRequest& request)
      : request_(request), op_of_(static_cast<size_t>(graph.node_count()), kUnseen) {
    for (const Node* node : request.done) op_of_[static_cast<size_t>(node->id)] = kDone;
  }

  PlanGraph run() {
    for (size_t i = 0; i < request_.feeds.size(); ++i) add_feed(static_cast<int>(i));
    for (const Endpoint& fetch : request_.fetches) {
      if (!fed_.contains(key(fetch))) visit(source(fetch).node);
    }
    for (const Node* target : request_.targets) visit(target);
    for (const Endpoint& fetch : request_.fetches) plan_.fetches.push_back(value_of(fetch));
    return std::move(plan_);
  }

 private:
  static constexpr int kUnseen = -1, kOpen = -2, kDone = -3;

  static uint64_t key(const Endpoint& endpoint) {
    return static_cast<uint64_t>(endpoint.node->id) << 20 | static_cast<uint64_t>(endpoint.index);
  }
  int& op_of(const Node* node) { return op_of_[static_cast<size_t>(node->id)]; }

  void add_feed(int index) {
    const PlanRequest::FedValue& feed = request_.feeds[static_cast<size_t>(index)];
    fed_[key(feed.endpoint)] = static_cast<int>(plan_.values.size());
    plan_.values.push_back({.dtype = feed.dtype,
                            .shape = feed.shape,
                            .constant = feed.known,
                            .feed = index,
                            .fed = feed.endpoint.node,
                            .memory = feed.memory,
                            .foldable = static_cast<bool>(feed.known)});
  }

  // Where an input comes from: a reference that an operation passed on before a cut is the
  // variable's own.
  Endpoint source(const Endpoint& endpoint) {
    const bool passed_on = op_of(endpoint.node) == kDone &&
                           endpoint.node->output_refs[static_cast<size_t>(endpoint.index)];
    return passed_on ? Endpoint{const_cast<Node*>(variable_of(endpoint)), 0} : endpoint;
  }

  int value_of(const Endpoint& endpoint) {
    if (const auto fed = fed_.find(key(endpoint)); fed != fed_.end()) return fed->second;
    const Endpoint from = source(endpoint);
    return plan_.op(op_of(from.node)).outputs[static_cast<size_t>(from.index)];
  }

  // Depth first with a stack of its own: graphs may be deeper than the thread's stack.
  void visit(const Node* root) {
    if (op_of(root) != kUnseen) return;
    std::vector<std::pair<const Node*, size_t>> stack = {{root, 0}};
    op_of(root) = kOpen;
    while (!stack.empty()) {
      auto& [node, next] = stack.back();
      const size_t inputs = node->inputs.size();
      if (next == inputs + node->control_inputs.size()) {
        add_op(*node);
        stack.pop_back();
        continue;
      }
      const size_t i = next++;
      if (i < inputs && fed_.contains(key(node->inputs[i]))) continue;
      const Node* child =
          i < inputs ? source(node->inputs[i]).node : node->control_inputs[i - inputs];
      if (op_of(child) != kUnseen) continue;
      op_of(child) = kOpen;
      stack.emplace_back(child, 0);
    }
  }

  void add_op(const Node& node) {
    PlanOp op;
    op.node = &node;
    const int index = static_cast<int>(plan_.ops.size());
    for (const Endpoint& input : node.inputs) op.inputs.push_back(value_of(input));
    for (const Node* control : node.control_inputs) {
      if (op_of(control) >= 0) op.controls.push_back(op_of(control));
    }
    for (const DType dtype : node.output_dtypes) {
      op.outputs.push_back(static_cast<int>(plan_.values.size()));
      plan_.values.push_back({.dtype = dtype, .producer = index});
    }
    add_variables(op);
    plan_.ops.push_back(std::move(op));
    op_of(&node) = index;
  }

  int variable_index(const Node* node) {
    const auto [found, added] =
        variable_of_node_.emplace(node, static_cast<int>(plan_.variables.size()));
    if (added) plan_.variables.push_back({.node = node});
    return found->second;
  }

  void add_variables(PlanOp& op) {
    const Node& node = *op.node;
    if (node.def->is_variable) {
      plan_.value(op.outputs[0]).variable = variable_index(&node);
      return;
    }
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const bool is_fed = fed_.contains(key(node.inputs[i]));
      const bool is_written = contains(node.def->writes, static_cast<int>(i));
      require<InvalidArgumentError>(!is_fed || !is_written, ErrorKind::bad_feed, "Tensor ",
                                    node.inputs[i].node->name, ":", node.inputs[i].index,
                                    " may not be fed: ", described(node), " writes it");
      const Node* variable = is_fed ? nullptr : variable_of(node.inputs[i]);
      if (variable == nullptr) continue;
      const int index = variable_index(variable);
      if (is_written) {
        op.writes.push_back(index);
        op.written_inputs.push_back(static_cast<int>(i));
      } else if (!contains(op.reads, index)) {
        op.reads.push_back(index);
      }
    }
  }

  const PlanRequest& request_;
  PlanGraph plan_;
  std::vector<int> op_of_;  // by node id
  std::unordered_map<uint64_t, int> fed_;
  std::unordered_map<const Node*, int> variable_of_node_;
};

}  // namespace

const Node* variable_of(const Endpoint& endpoint) {
  const Node* node = endpoint.node;
  int index = endpoint.index;
  while (!node->def->is_variable) {
    const bool passes_on =
        node->output_refs[static_cast<size_t>(index)] && !node->def->writes.empty();
    if (!passes_on) return nullptr;
    const Endpoint& from = node->inputs[static_cast<size_t>(node->def->writes[0])];
    node = from.node;
    index = from.index;
  }
  return node;
}

std::string described(const Node& node) {
  std::string text = str("'", node.name, "' (", node.type(), ")");
  if (node.made_at.line != 0) text += str(", made at ", node.made_at);
  return text;
}

PlanGraph prune(const GraphState& graph, const PlanRequest& request) {
  return Pruner(graph, request).run();
}

}  // namespace tenon::internal
