#include "core/export/gates.h"

#include <algorithm>

#include "core/graph/op_def.h"

namespace tenon::internal {

namespace {

// The variable whose memory an endpoint refers to; null where it is none.
const Node* variable_of(const Endpoint& endpoint) {
  const Node* node = endpoint.node;
  while (!node->def->is_variable && !node->def->writes.empty()) {
    node = node->inputs[static_cast<size_t>(node->def->writes[0])].node;
  }
  return node->def->is_variable ? node : nullptr;
}

const Node* written_by(const Node& node) {
  if (node.flow != nullptr || node.def->writes.empty()) return nullptr;
  return variable_of(node.inputs[static_cast<size_t>(node.def->writes[0])]);
}

template <typename Visit>
void for_each_before(const Node& node, const Visit& visit) {
  for (const Endpoint& input : node.inputs) visit(*input.node);
  for (const Node* control : node.control_inputs) visit(*control);
}

// Whether its output may be the memory of its first input.
bool shares_memory(const Node& node) {
  return node.def->action == PlanAction::kPassOn && node.type() != "ReadVariableOp";
}

}  // namespace

Gates::Gates(const std::vector<Node*>& nodes, size_t count)
    : later_(count), needed_(count), together_(count), seen_(count) {
  for (const Node* node : nodes) {
    for_each_before(*node, [&](const Node& before) {
      std::vector<const Node*>& users = users_[&before];
      if (users.empty() || users.back() != node) users.push_back(node);
    });
  }
  for (const Node* node : nodes) {
    if (written_by(*node) != nullptr) add_gates(*node);
  }
}

const std::vector<const Node*>& Gates::of(const Node& node) const {
  static const std::vector<const Node*> none;
  const auto at = gates_.find(&node);
  return at == gates_.end() ? none : at->second;
}

const std::vector<const Node*>& Gates::users_of(const Node& node) const {
  static const std::vector<const Node*> none;
  const auto at = users_.find(&node);
  return at == users_.end() ? none : at->second;
}

void Gates::find_readers(const Node& holder, std::vector<const Node*>& readers) const {
  for (const Node* user : users_of(holder)) {
    const auto takes = [&](const Endpoint& input) { return input.node == &holder; };
    if (!std::any_of(user->inputs.begin(), user->inputs.end(), takes)) continue;
    if (written_by(*user) != nullptr) continue;
    readers.push_back(user);
    if (shares_memory(*user)) find_readers(*user, readers);
  }
}

std::vector<const Node*> Gates::find_later(const Node& node) {
  std::vector<const Node*> found, open = {&node};
  later_.clear();
  while (!open.empty()) {
    const Node* next = open.back();
    open.pop_back();
    if (!later_.insert(*next)) continue;
    found.push_back(next);
    const std::vector<const Node*>& users = users_of(*next);
    open.insert(open.end(), users.begin(), users.end());
  }
  return found;
}

void Gates::find_before(std::vector<const Node*> nodes, NodeSet& found) {
  found.clear();
  while (!nodes.empty()) {
    const Node* next = nodes.back();
    nodes.pop_back();
    if (!found.insert(*next)) continue;
    for_each_before(*next, [&](const Node& one) { nodes.push_back(&one); });
  }
}

// Whether it has to be fed, or does, what the writer needn't.
bool Gates::needs_more(const Node& reader) {
  std::vector<const Node*> open = {&reader};
  seen_.clear();
  while (!open.empty()) {
    const Node* next = open.back();
    open.pop_back();
    if (needed_.contains(*next) || !seen_.insert(*next)) continue;
    const OpDef& def = *next->def;
    const bool does = def.stateful && !def.is_variable && def.action != PlanAction::kPassOn;
    if (does || def.action == PlanAction::kPlaceholder) return true;
    for_each_before(*next, [&](const Node& one) { open.push_back(&one); });
  }
  return false;
}

void Gates::add_gates(const Node& writer) {
  std::vector<const Node*> readers;
  find_readers(*written_by(writer), readers);
  if (readers.empty()) return;
  find_before(find_later(writer), together_);
  find_before({&writer}, needed_);
  std::vector<const Node*>& gates = gates_[&writer];
  for (const Node* reader : readers) {
    const bool is_beside =
        together_.contains(*reader) && !later_.contains(*reader) && !needed_.contains(*reader);
    if (!is_beside || needs_more(*reader)) continue;
    if (std::find(gates.begin(), gates.end(), reader) == gates.end()) gates.push_back(reader);
  }
}

}  // namespace tenon::internal
