// Nodes of a graph, or of a function of its library, while they are written.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/graph/node.h"
#include "core/io/graph_def_writer.h"
#include "core/tensor/attr_value.h"
#include "tenon/tensor.h"

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

using TakenNames = std::map<std::string, int>;  // each with the number to try behind it next
// The name, with _1, _2, ... behind it where it is taken: it is taken then.
std::string take_free(TakenNames& taken, const std::string& name);

class WrittenScope {
 public:
  // kNodeOfGraph or kNodeOfFunction.
  explicit WrittenScope(uint32_t field) : field_(field) {}

  bool in_function() const { return field_ == kNodeOfFunction; }
  std::string free_name(const std::string& name) { return take_free(taken_, name); }
  bool is_taken(const std::string& name) const { return taken_.contains(name); }
  // Its first output, called `output` in the operation's definition, of that dtype.
  WrittenValue add(const NewNode& node, const std::string& output = "output",
                   DType dtype = DType::invalid);
  // An operation whose outputs are one list, called "output", for all outputs of Tenon's.
  void add_list(const NewNode& node, Node& of, const std::vector<DType>& dtypes);
  // As nodes take it as an input here: "a:1" in a graph, "a:output:0" in a function.
  std::string text_of(const WrittenValue& value) const;

  // What stands here for an endpoint of Tenon's graph, or null; the same of whole operations.
  const WrittenValue* find(const Endpoint& endpoint) const;
  void set(const Endpoint& endpoint, WrittenValue value);
  const std::string* name_of(const Node* node) const;
  // Settles under which name an operation will stand here.
  void take_name(const Node& node);

  std::string& bytes() { return bytes_; }

 private:
  const uint32_t field_;
  std::string bytes_;
  TakenNames taken_;
  std::map<std::pair<const Node*, int>, WrittenValue> values_;
  std::map<const Node*, std::string> names_;
};

// Adds nodes that Tenon's graph hasn't got, each below a prefix under its operation's name.
class NodesBelow {
 public:
  explicit NodesBelow(WrittenScope& scope, std::string prefix = {}, std::string device = {})
      : scope_(scope), prefix_(std::move(prefix)), device_(std::move(device)) {}
  NodesBelow(const NodesBelow&) = delete;
  NodesBelow& operator=(const NodesBelow&) = delete;

  // Its first output, as WrittenScope::add.
  WrittenValue add(const char* op, const char* output, DType dtype,
                   std::vector<WrittenValue> inputs, AttrMap attrs = {});
  WrittenValue constant(const Tensor& tensor);

 private:
  WrittenScope& scope_;
  const std::string prefix_, device_;
};

}  // namespace tenon::internal
