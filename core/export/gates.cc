#include "core/export/gates.h"

#include <algorithm>
#include <bitset>
#include <span>
#include <utility>

#include "core/graph/op_def.h"
#include "core/plan/plan_graph.h"

namespace tenon::internal {

namespace {

using NodeLists = std::vector<std::vector<const Node*>>;  // by node id

constexpr size_t kAtOnce = 128;  // writers that one look at the graph is for

// What writes to a variable, and what reads the variable's memory.
struct Writer {
  const Node* node = nullptr;
  std::vector<const Node*> readers = {};
};

// What a node is to each of the writers.
struct Relations {
  using Writers = std::bitset<kAtOnce>;
  Writers needed;    // the writer depends on it
  Writers later;     // it depends on the writer
  Writers more;      // it has to be fed, or does, what the writer needn't
  Writers together;  // a run may need both
};

size_t at(const Node& node) { return static_cast<size_t>(node.id); }

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

// Whether not every run may have it done.
bool is_asked_for(const Node& node) {
  const OpDef& def = *node.def;
  const bool does = def.stateful && !def.is_variable && def.action != PlanAction::kPassOn;
  return does || def.action == PlanAction::kPlaceholder;
}

NodeLists users_of(const std::vector<Node*>& nodes, size_t count) {
  NodeLists users(count);
  for (const Node* node : nodes) {
    for_each_before(*node, [&](const Node& before) {
      std::vector<const Node*>& of = users[at(before)];
      if (of.empty() || of.back() != node) of.push_back(node);
    });
  }
  return users;
}

// What reads the memory of a variable, or of a value that shares it.
void find_readers(const NodeLists& users, const Node& holder, std::vector<const Node*>& readers) {
  for (const Node* user : users[at(holder)]) {
    const auto takes = [&](const Endpoint& input) { return input.node == &holder; };
    if (!std::any_of(user->inputs.begin(), user->inputs.end(), takes)) continue;
    if (written_by(*user) != nullptr) continue;
    readers.push_back(user);
    if (shares_memory(*user)) find_readers(users, *user, readers);
  }
}

// Nodes are made after what they depend on: three sweeps see every path. Two nodes may be needed
// together where something depends on both that a writer comes before.
std::vector<Relations> relations_to(std::span<const Writer> writers,
                                    const std::vector<Node*>& nodes, size_t count) {
  std::vector<Relations> relations(count);
  for (size_t i = 0; i < writers.size(); ++i) {
    Relations& own = relations[at(*writers[i].node)];
    own.needed.set(i);
    own.later.set(i);
  }
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    const Relations& of = relations[at(**node)];
    for_each_before(**node, [&](const Node& one) { relations[at(one)].needed |= of.needed; });
  }
  for (const Node* node : nodes) {
    Relations& of = relations[at(*node)];
    if (is_asked_for(*node)) of.more = ~of.needed;
    for_each_before(*node, [&](const Node& one) {
      of.later |= relations[at(one)].later;
      of.more |= relations[at(one)].more;
    });
  }
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    Relations& of = relations[at(**node)];
    of.together |= of.later;
    for_each_before(**node, [&](const Node& one) { relations[at(one)].together |= of.together; });
  }
  return relations;
}

}  // namespace

Gates::Gates(const std::vector<Node*>& nodes, size_t count) : gates_(count) {
  const NodeLists users = users_of(nodes, count);
  std::vector<Writer> writers;
  for (const Node* node : nodes) {
    const Node* const variable = written_by(*node);
    if (variable == nullptr) continue;
    Writer writer{.node = node};
    find_readers(users, *variable, writer.readers);
    if (!writer.readers.empty()) writers.push_back(std::move(writer));
  }
  for (size_t begin = 0; begin < writers.size(); begin += kAtOnce) {
    const std::span<const Writer> some =
        std::span(writers).subspan(begin, std::min(kAtOnce, writers.size() - begin));
    const std::vector<Relations> relations = relations_to(some, nodes, count);
    for (size_t i = 0; i < some.size(); ++i) {
      std::vector<const Node*>& gates = gates_[at(*some[i].node)];
      for (const Node* reader : some[i].readers) {
        const Relations& of = relations[at(*reader)];
        if (!of.together[i] || of.later[i] || of.needed[i] || of.more[i]) continue;
        if (std::find(gates.begin(), gates.end(), reader) == gates.end()) gates.push_back(reader);
      }
    }
  }
}

}  // namespace tenon::internal
