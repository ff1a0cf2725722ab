// Prune: copies what the fetches and targets depend on, in an order in which inputs come first.
// Nothing behind a fed value is copied.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/plan/bodies.h"
#include "core/plan/passes.h"

namespace tenon::internal {
namespace {

class Pruner {
 public:
  Pruner(PlanGraph& plan, const GraphState& graph, const PlanRequest& request)
      : plan_(plan),
        request_(request),
        state_of_(static_cast<size_t>(graph.node_count()), State::kUnseen),
        op_of_(static_cast<size_t>(graph.node_count())) {
    for (const Node* node : request.done) state_of(node) = State::kDone;
  }

  void run() {
    for (size_t i = 0; i < request_.feeds.size(); ++i) add_feed(i);
    find_wanted_outputs();
    for (const Endpoint& fetch : request_.fetches) {
      if (feed_of(fetch, nullptr) == nullptr) visit(source(fetch).node);
    }
    for (const Node* target : request_.targets) visit(target);
    for (const Endpoint& fetch : request_.fetches) plan_.add_fetch(value_of(fetch, nullptr));
    plan_.goals.values.assign(plan_.fetches().begin(), plan_.fetches().end());
    for (const Node* target : request_.targets) {
      if (state_of(target) == State::kCopied) plan_.goals.ops.push_back(op_of(target));
    }
  }

 private:
  // Of an operation that runs bodies.
  struct WantedFlow {
    FlowUse use;
    std::vector<bool> needed;  // inputs
  };
  enum class State : uint8_t { kUnseen, kOpen, kDone, kCopied };

  // Whether it is around the body that is to run, which finds variables and constants by itself.
  bool is_around(const Node& node) const {
    if (request_.body == nullptr || stands_for_variable(node)) return false;
    if (node.def->action == PlanAction::kConstant) return false;
    return node.body != request_.body;
  }

  static uint64_t key(const Endpoint& endpoint) {
    return static_cast<uint64_t>(endpoint.node->id) << 20 | static_cast<uint64_t>(endpoint.index);
  }
  State& state_of(const Node* node) { return nth(state_of_, node->id); }
  OpId& op_of(const Node* node) { return nth(op_of_, node->id); }

  struct Fed {
    ValueId value;
    const PlanRequest::FedValue* feed;
  };

  void add_feed(size_t index) {
    const PlanRequest::FedValue& feed = request_.feeds[index];
    fed_[key(feed.endpoint)] = {plan_.add_feed(static_cast<int>(index), feed), &feed};
  }

  // What is fed in place of an endpoint to a user, or fetched.
  const Fed* feed_of(const Endpoint& endpoint, const Node* user) const {
    const auto found = fed_.find(key(endpoint));
    if (found == fed_.end() || contains(found->second.feed->not_for, user)) return nullptr;
    return &found->second;
  }

  // Whether all that an operation does is to give what is fed: nobody waits for a placeholder then.
  bool stands_for_a_feed(const Node& node, const Node* user) const {
    return node.inputs.empty() && node.output_dtypes.size() == 1 &&
           feed_of(Endpoint{const_cast<Node*>(&node), 0}, user) != nullptr;
  }

  // Where an input comes from: a reference that an operation passed on before a cut is the
  // variable's own.
  Endpoint source(const Endpoint& endpoint) {
    const bool passed_on =
        state_of(endpoint.node) == State::kDone && nth(endpoint.node->output_refs, endpoint.index);
    return passed_on ? Endpoint{const_cast<Node*>(variable_of(endpoint)), 0} : endpoint;
  }

  ValueId value_of(const Endpoint& endpoint, const Node* user) {
    if (const Fed* fed = feed_of(endpoint, user)) return fed->value;
    const Endpoint from = source(endpoint);
    return plan_.op(op_of(from.node)).output(from.index);
  }

  // Depth first with a stack of its own: graphs may be deeper than the thread's stack.
  void visit(const Node* root) {
    if (state_of(root) != State::kUnseen) return;
    std::vector<std::pair<const Node*, size_t>> stack = {{root, 0}};
    state_of(root) = State::kOpen;
    while (!stack.empty()) {
      auto& [node, next] = stack.back();
      const size_t inputs = node->inputs.size();
      if (next == inputs + node->control_inputs.size()) {
        add_op(*node);
        stack.pop_back();
        continue;
      }
      const size_t i = next++;
      if (i < inputs && (feed_of(node->inputs[i], node) != nullptr || !needs_input(*node, i))) {
        continue;
      }
      const Node* child =
          i < inputs ? source(node->inputs[i]).node : node->control_inputs[i - inputs];
      if (i >= inputs && stands_for_a_feed(*child, node)) continue;
      if (state_of(child) != State::kUnseen || is_around(*child)) continue;
      state_of(child) = State::kOpen;
      stack.emplace_back(child, 0);
    }
  }

  void add_op(const Node& node) {
    const OpId op = plan_.add_op(node);
    add_inputs(op, node);
    for (const Node* control : node.control_inputs) {
      if (state_of(control) == State::kCopied) plan_.add_control(op, op_of(control));
    }
    for (const DType dtype : node.output_dtypes) plan_.add_output(op, {dtype, {}});
    add_variables(op);
    op_of(&node) = op;
    state_of(&node) = State::kCopied;
  }

  // In place of an input that isn't needed stands another one, which is.
  void add_inputs(OpId op, const Node& node) {
    const auto found = flows_.find(&node);
    if (found == flows_.end()) {
      for (const Endpoint& input : node.inputs) plan_.add_input(op, value_of(input, &node));
      return;
    }
    const std::vector<bool>& needed = found->second.needed;
    const auto any = std::find(needed.begin(), needed.end(), true) - needed.begin();
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const size_t taken = needed[i] ? i : static_cast<size_t>(any);
      plan_.add_input(op, value_of(node.inputs[taken], &node));
    }
    plan_.op(op).use = found->second.use;
  }

  bool needs_input(const Node& node, size_t input) const {
    const auto found = flows_.find(&node);
    return found == flows_.end() || found->second.needed[input];
  }

  // What bodies hand out is made only where it is wanted: neither does what only the rest hangs on
  // run.
  void find_wanted_outputs() {
    std::unordered_set<const Node*> seen;
    std::vector<const Node*> open;
    const auto reach = [&](const Node* node) {
      const bool is_open = state_of(node) == State::kUnseen && !is_around(*node);
      if (is_open && seen.insert(node).second) open.push_back(node);
    };
    const auto want = [&](const Endpoint& endpoint) {
      const Endpoint from = source(endpoint);
      reach(from.node);
      if (from.node->flow == nullptr || state_of(from.node) != State::kUnseen) return;
      std::vector<bool>& wanted = flows_[from.node].use.wanted;
      wanted.resize(from.node->output_dtypes.size());
      if (nth(wanted, from.index)) return;
      nth(wanted, from.index) = true;
      open.push_back(from.node);  // again: it needs more inputs
    };
    for (const Endpoint& fetch : request_.fetches) {
      if (feed_of(fetch, nullptr) == nullptr) want(fetch);
    }
    for (const Node* target : request_.targets) reach(target);
    while (!open.empty()) {
      const Node* node = open.back();
      open.pop_back();
      if (node->flow != nullptr) {
        WantedFlow& flow = flows_[node];
        flow.use.wanted.resize(node->output_dtypes.size());
        flow.use.fed = fed_inputs(*node);
        flow.needed = needed_inputs(*node, flow.use);
        add_variable_inputs(*node, flow.needed);
      }
      for (size_t i = 0; i < node->inputs.size(); ++i) {
        const bool is_needed = node->flow == nullptr || flows_[node].needed[i];
        if (is_needed && feed_of(node->inputs[i], node) == nullptr) want(node->inputs[i]);
      }
      for (const Node* control : node->control_inputs) reach(control);
    }
  }

  // Those by which bodies would read a variable that is fed.
  std::vector<bool> fed_inputs(const Node& owner) const {
    std::vector<bool> fed(owner.inputs.size());
    for (size_t i = 0; i < fed.size(); ++i) {
      const Endpoint& input = owner.inputs[i];
      if (!stands_for_variable(*input.node)) continue;
      fed[i] =
          feed_of(input, &owner) != nullptr ||
          (!input.node->inputs.empty() && feed_of(input.node->inputs[0], input.node) != nullptr);
    }
    return fed;
  }

  static void add_variable_inputs(const Node& node, std::vector<bool>& needed) {
    for (size_t i = 0; i < needed.size(); ++i) {
      if (stands_for_variable(*node.inputs[i].node)) needed[i] = true;
    }
  }

  VariableId variable_id(const Node& node) {
    const auto [found, added] = variable_of_node_.try_emplace(&node);
    if (added) found->second = plan_.add_variable(node);
    return found->second;
  }

  void add_variables(OpId id) {
    PlanOp& op = plan_.op(id);
    const Node& node = *op.node;
    if (node.def->is_variable) return plan_.set_variable(op.output(), variable_id(node));
    if (owns_bodies(node)) return add_variables_of_bodies(op);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const bool is_fed = feed_of(node.inputs[i], &node) != nullptr;
      const bool is_written = contains(node.def->writes, i);
      require<InvalidArgumentError>(!is_fed || !is_written, ErrorKind::bad_feed, "Tensor ",
                                    node.inputs[i].node->name, ":", node.inputs[i].index,
                                    " may not be fed: ", described(node), " writes it");
      const Node* variable = is_fed ? nullptr : variable_of(node.inputs[i]);
      if (variable == nullptr) continue;
      const VariableId used = variable_id(*variable);
      if (is_written) {
        op.writes.push_back(used);
        op.written_inputs.push_back(static_cast<int>(i));
      } else if (!contains(op.reads, used)) {
        op.reads.push_back(used);
      }
    }
  }

  // Those that an operation's bodies use; each is an input of it.
  void add_variables_of_bodies(PlanOp& op) {
    for (const auto& [variable, is_written] : variables_in(*op.node, op.use)) {
      const VariableId id = variable_id(*variable);
      op.reads.push_back(id);
      if (!is_written) continue;
      for (size_t i = 0; i < op.node->inputs.size(); ++i) {
        if (op.node->inputs[i].node != variable) continue;
        require<InvalidArgumentError>(!op.use.fed[i], ErrorKind::bad_feed, "Tensor ",
                                      variable->name, ":0 may not be fed: ", described(*op.node),
                                      " writes it");
        op.writes.push_back(id);
        op.written_inputs.push_back(static_cast<int>(i));
      }
    }
  }

  PlanGraph& plan_;
  const PlanRequest& request_;
  std::vector<State> state_of_;  // by node id
  std::vector<OpId> op_of_;      // by node id
  std::unordered_map<uint64_t, Fed> fed_;
  std::unordered_map<const Node*, WantedFlow> flows_;
  std::unordered_map<const Node*, VariableId> variable_of_node_;
};

}  // namespace

const Node* variable_of(const Endpoint& endpoint) {
  const Node* node = endpoint.node;
  int index = endpoint.index;
  while (!node->def->is_variable) {
    const bool passes_on = nth(node->output_refs, index) && !node->def->writes.empty();
    if (!passes_on) return nullptr;
    const Endpoint& from = nth(node->inputs, node->def->writes[0]);
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

void prune(PlanGraph& plan, const GraphState& graph, const PlanRequest& request) {
  Pruner(plan, graph, request).run();
}

}  // namespace tenon::internal
