// Who takes what of whom in a GraphDef.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/io/graph_def.h"
#include "tenon/graph.h"

namespace tenon::internal {

class GraphLinks {
 public:
  // An input as the file has it: the output of another node, or a tensor of input_map.
  struct Edge {
    size_t node = 0;
    int output = 0;
    const Output* mapped = nullptr;
  };
  struct Links {
    std::vector<Edge> inputs = {};
    std::vector<size_t> controls = {};
  };

  // Both must outlive this. Throws ValueError (bad_argument) for two operations of one name and for
  // inputs that aren't there.
  GraphLinks(const GraphDef& file, const std::map<std::string, Output>& input_map);

  // Throws ValueError (bad_argument) for what of input_map nothing takes.
  void check_mapped() const;

  size_t size() const { return links_.size(); }
  const NodeDef& node(size_t index) const { return file_.nodes[index]; }
  const Links& of(size_t index) const { return links_[index]; }
  // Null where there is none.
  const size_t* find(std::string_view name) const;
  std::vector<size_t> producers_of(size_t index) const;
  // All nodes in the order of the file as far as inputs come first, what goes round in loops apart;
  // without those that depend on themselves.
  const std::vector<size_t>& inputs_first() const { return order_; }
  // Whether a node hands its input to the next round of a loop.
  bool goes_round(size_t index) const;

 private:
  Edge edge_of(std::string_view name, std::string_view asked_by);
  const Output* mapped(const std::string& node, int output);
  void link();
  void sort();

  const GraphDef& file_;
  const std::map<std::string, Output>& input_map_;
  std::unordered_map<std::string_view, size_t> by_name_;
  std::vector<Links> links_;
  std::vector<size_t> order_;
  std::set<std::string> used_maps_;
};

// Numbers in an order where those come first that others wait for, and else the lowest; without
// those that wait for themselves. `users`: who waits for each.
std::vector<size_t> sorted_by_need(const std::vector<std::vector<size_t>>& users);

}  // namespace tenon::internal
