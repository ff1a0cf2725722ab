// The state behind a Graph handle.
#pragma once

#include <any>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <typeindex>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/graph/node.h"
#include "tenon/graph.h"

namespace tenon::internal {

class GraphState;

// One input of a new node: an endpoint, or a literal that becomes a constant below the node's name
// once the node is known to be right.
struct NodeInput {
  explicit NodeInput(Endpoint from) : endpoint(from) {}
  NodeInput(Tensor value, bool weakly_typed) : literal(std::move(value)), weak(weakly_typed) {}
  Endpoint endpoint = {};
  Tensor literal = {};
  bool weak = false;  // takes the dtype that its type attribute has from other inputs
};

// Everything that a new node is made of, except what the contexts in force add.
struct NodeArguments {
  std::string_view type;
  std::string name = {};  // "": the type; ends in "/": taken as it is
  // One list for each argument of the signature; of one input unless the argument is a list.
  std::vector<std::vector<NodeInput>> inputs = {};
  std::vector<Node*> control_inputs = {};
  AttrMap attrs = {};  // without those that follow from the inputs
  Location where = {};
  std::optional<Shape> shape = {};  // merged into the first output's inferred shape
};

// The contexts of one graph on one thread (see tenon/graph.h).
struct GraphContexts {
  struct DeviceEntry {
    DeviceSpec spec = {};
    DeviceFunction function = {};  // instead of spec
    bool is_null = false;          // device(nullptr): what is around it doesn't count
  };
  struct ControlEntry {
    std::vector<Node*> inputs;
    std::unordered_set<const Node*> made;  // operations made inside
    bool is_null = false;
  };
  // The control entries in force: those inside of the last null one.
  std::span<ControlEntry> active_controls();

  std::string name_scope;  // without slash; "" at the root
  std::vector<DeviceEntry> devices;
  std::vector<ControlEntry> controls;
  std::vector<Node*> colocations;
  std::map<std::type_index, std::shared_ptr<void>> extensions;  // of later layers
};

// The innermost graph of as_default on this thread, else the process's own.
std::shared_ptr<GraphState> default_graph_state();

// All calls are safe from many threads: each locks `mutex`, which is recursive so that a caller can
// hold it over several calls that must be seen as one.
class GraphState : public std::enable_shared_from_this<GraphState> {
 public:
  GraphState();
  ~GraphState();
  GraphState(const GraphState&) = delete;
  GraphState& operator=(const GraphState&) = delete;

  mutable std::recursive_mutex mutex;

  // Checks everything (types, shapes, names), then adds the node, with what the contexts of this
  // thread say of devices, control inputs and colocation. Nothing has changed when it throws.
  // Throws what the operation's definition throws, RuntimeError when finalized.
  Node* add_node(NodeArguments arguments);

  Node* find_node(std::string_view name) const;  // null when there is none
  int node_count() const;
  Node* node(int id) const;  // ids are 0 .. node_count() - 1

  // Graph::unique_name; absolute_name takes the whole name, without the name scope.
  std::string unique_name(std::string_view name, bool mark_as_used = true);
  std::string unique_absolute_name(std::string name, bool mark_as_used = true);

  // What is added while one lives, nodes and names taken, is taken back when an exception leaves
  // its block: the next of the same name gets the name. Handles to nodes taken back throw when
  // they are used. keep() is for what now refers to these nodes for good (a collection, a
  // variable): then all stays. The caller holds `mutex` as long as it lives.
  class Trial {
   public:
    explicit Trial(GraphState& graph);
    ~Trial();
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;

   private:
    GraphState& graph_;
    int exceptions_;
    size_t nodes_, names_;
    int64_t operations_saved_;
    bool kept_before_;
  };
  void keep() { kept_ = true; }

  GraphContexts& contexts();  // of the calling thread

  // The seeds of an operation as TensorFlow derives them from the graph's and its own (FORMAT.md,
  // trap 31): {seed, seed2}.
  std::pair<int64_t, int64_t> seeds(std::optional<int64_t> op_seed) const;

  // State of later layers, made on first use and kept with the graph: extension<VariableStore>().
  template <typename T>
  T& extension() {
    std::lock_guard lock(mutex);
    std::shared_ptr<void>& slot = extensions_[std::type_index(typeid(T))];
    if (!slot) slot = std::make_shared<T>();
    return *static_cast<T*>(slot.get());
  }
  // The same for the calling thread's own state on this graph.
  template <typename T>
  T& thread_extension() {
    std::shared_ptr<void>& slot = contexts().extensions[std::type_index(typeid(T))];
    if (!slot) slot = std::make_shared<T>();
    return *static_cast<T*>(slot.get());
  }

  Operation handle(Node* node) { return Operation(weak_from_this(), node); }
  Output handle(Endpoint endpoint) { return Output(handle(endpoint.node), endpoint.index); }

  using Collection = std::vector<std::any>;
  // By key; shared, so that get_collection_ref can hand out the list itself.
  std::map<std::string, std::shared_ptr<Collection>, std::less<>> collections;
  std::optional<int64_t> seed;
  // Operations that TensorFlow makes where we need fewer: seeds follow from how many there are.
  int64_t operations_saved = 0;
  bool finalized = false;

 private:
  Node* add_constant(const std::string& name, const Tensor& value, const Location& where);
  Node* append(Node node);
  int use_name(const std::string& key);  // answers how often it was used before
  void apply_place(Node& node);
  void apply_devices(Node& node);
  void apply_colocation(Node& node);
  void apply_control_inputs(Node& node);

  uint64_t id_;
  std::deque<Node> storage_;  // those taken back, too
  std::vector<Node*> nodes_;  // by id
  std::unordered_map<std::string_view, Node*> by_name_;
  std::unordered_map<std::string, int> names_in_use_;  // lower case
  int trials_ = 0;
  bool kept_ = false;
  // While trials_ > 0: entries of names_in_use_ and their counts before; 0: not in use.
  std::vector<std::pair<std::pair<const std::string, int>*, int>> names_before_;
  std::map<std::type_index, std::shared_ptr<void>> extensions_;
};

// Whether a whole name may be an operation's, and a name scope's part inside another scope's.
bool valid_op_name(std::string_view name);
bool valid_scope_name(std::string_view name);

}  // namespace tenon::internal
