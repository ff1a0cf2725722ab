#include "core/import/graph_links.h"

#include <functional>
#include <queue>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/import/flow_role.h"
#include "core/import/tensor_name.h"

namespace tenon::internal {

std::vector<size_t> sorted_by_need(const std::vector<std::vector<size_t>>& users) {
  std::vector<size_t> waits(users.size());
  for (const std::vector<size_t>& of_one : users) {
    for (const size_t user : of_one) ++waits[user];
  }
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t i = 0; i < waits.size(); ++i) {
    if (waits[i] == 0) ready.push(i);
  }
  std::vector<size_t> ordered;
  while (!ready.empty()) {
    ordered.push_back(ready.top());
    ready.pop();
    for (const size_t user : users[ordered.back()]) {
      if (--waits[user] == 0) ready.push(user);
    }
  }
  return ordered;
}

GraphLinks::GraphLinks(const GraphDef& file, const std::map<std::string, Output>& input_map)
    : file_(file), input_map_(input_map) {
  for (size_t i = 0; i < file.nodes.size(); ++i) {
    require<ValueError>(by_name_.emplace(file.nodes[i].name, i).second, ErrorKind::bad_argument,
                        "The graph has two operations of the name '", file.nodes[i].name, "'");
  }
  link();
  sort();
}

const size_t* GraphLinks::find(std::string_view name) const {
  const auto at = by_name_.find(name);
  return at == by_name_.end() ? nullptr : &at->second;
}

bool GraphLinks::goes_round(size_t index) const {
  return flow_role(file_.nodes[index].op) == FlowRole::kNext;
}

GraphLinks::Edge GraphLinks::edge_of(std::string_view name, std::string_view asked_by) {
  const TensorName parsed = parse_tensor_name(name);
  Edge edge{.output = parsed.output, .mapped = mapped(std::string(parsed.node), parsed.output)};
  if (edge.mapped != nullptr) return edge;
  const size_t* node = find(parsed.node);
  require<ValueError>(node != nullptr, ErrorKind::bad_argument, "Node '", asked_by,
                      "': its input '", name, "' isn't in the graph");
  edge.node = *node;
  return edge;
}

const Output* GraphLinks::mapped(const std::string& node, int output) {
  for (const std::string& name : {str(node, ':', output), output == 0 ? node : std::string()}) {
    const auto at = input_map_.find(name);
    if (at == input_map_.end()) continue;
    used_maps_.insert(name);
    return &at->second;
  }
  return nullptr;
}

void GraphLinks::link() {
  for (const NodeDef& node : file_.nodes) {
    Links& links = links_.emplace_back();
    for (const std::string_view input : node.inputs) {
      if (!input.starts_with('^')) {
        links.inputs.push_back(edge_of(input, node.name));
        continue;
      }
      const size_t* control = find(input.substr(1));
      require<ValueError>(control != nullptr, ErrorKind::bad_argument, "Node '", node.name,
                          "': its control input '", input, "' isn't in the graph");
      links.controls.push_back(*control);
    }
  }
}

std::vector<size_t> GraphLinks::producers_of(size_t index) const {
  std::vector<size_t> producers = links_[index].controls;
  for (const Edge& edge : links_[index].inputs) {
    if (edge.mapped == nullptr) producers.push_back(edge.node);
  }
  return producers;
}

void GraphLinks::check_mapped() const {
  std::vector<std::string> unused;
  for (const auto& [name, output] : input_map_) {
    if (!used_maps_.contains(name)) unused.push_back(name);
  }
  require<ValueError>(unused.empty(), ErrorKind::bad_argument,
                      "Attempted to map inputs that were not found in graph_def: [", join(unused),
                      "]");
}

void GraphLinks::sort() {
  std::vector<std::vector<size_t>> users(links_.size());
  for (size_t i = 0; i < links_.size(); ++i) {
    for (const size_t producer : producers_of(i)) {
      if (!goes_round(producer)) users[producer].push_back(i);
    }
  }
  order_ = sorted_by_need(users);
}

}  // namespace tenon::internal
