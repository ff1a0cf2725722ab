// Nodes of a graph, or of a function of its library, while they are written.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/graph/node.h"
#include "core/io/graph_def_writer.h"
#include "core/tensor/attr_value.h"

namespace tenon::internal {

// A tensor there: an output of a node, or an argument of the function.
struct WrittenValue {
  std::string node = {};
  std::string output = {};  // the name of the output in the operation's definition; "": argument
  int place = 0;            // in the list that this output is
  int index = 0;            // among all outputs of the node
  DType dtype = DType::invalid;
};

// A node that is to be written.
struct NewNode {
  std::string name, op;
  std::vector<WrittenValue> inputs = {};
  AttrMap attrs = {};
  std::vector<std::pair<std::string, std::string>> functions = {};  // attributes that name them
  std::string device = {};
  std::vector<std::string> controls = {};  // names of nodes that it waits for
};

class WrittenScope {
 public:
  // kNodeOfGraph or kNodeOfFunction.
  explicit WrittenScope(uint32_t field) : field_(field) {}

  bool in_function() const { return field_ == kNodeOfFunction; }
  // Takes the name, with _1, _2, ... behind it where it is taken.
  std::string free_name(const std::string& name);
  bool is_taken(const std::string& name) const { return taken_.contains(name); }
  // Its first output, called `output` in the operation's definition, of that dtype.
  WrittenValue add(const NewNode& node, const std::string& output = "output",
                   DType dtype = DType::invalid);
  // As nodes take it as an input here: "a:1" in a graph, "a:output:0" in a function.
  std::string text_of(const WrittenValue& value) const;

  // What stands here for an endpoint of Tenon's graph, or null; the same of whole operations.
  const WrittenValue* find(const Endpoint& endpoint) const;
  void set(const Endpoint& endpoint, WrittenValue value);
  const std::string* name_of(const Node* node) const;
  // Settles under which name an operation will stand here.
  const std::string& take_name(const Node& node);

  std::string& bytes() { return bytes_; }

 private:
  const uint32_t field_;
  std::string bytes_;
  std::set<std::string> taken_;
  std::map<std::pair<const Node*, int>, WrittenValue> values_;
  std::map<const Node*, std::string> names_;
};

}  // namespace tenon::internal
