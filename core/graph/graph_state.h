// The state behind a Graph handle.
#pragma once

#include <any>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <typeindex>
#include <unordered_map>
#include <vector>

#include "core/graph/node.h"
#include "tenon/graph.h"

namespace tenon::internal {

// Everything that a new node is made of, except what the contexts in force add.
struct NodeArguments {
  std::string_view type;
  std::string name = {};  // "": the type; ends in "/": taken as it is
  std::vector<Endpoint> inputs = {};
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
    std::vector<const Node*> made;  // operations made inside
    bool is_null = false;
  };
  std::string name_scope;  // without slash; "" at the root
  std::vector<DeviceEntry> devices;
  std::vector<ControlEntry> controls;
  std::vector<Node*> colocations;
  std::map<std::type_index, std::shared_ptr<void>> extensions;  // of later layers
};

// All calls are safe from many threads: each locks `mutex`, which is recursive so that a caller can
// hold it over several calls that must be seen as one.
class GraphState : public std::enable_shared_from_this<GraphState> {
 public:
  GraphState();
  ~GraphState();
  GraphState(const GraphState&) = delete;
  GraphState& operator=(const GraphState&) = delete;

  mutable std::recursive_mutex mutex;

  // Checks everything, then adds the node: types, shapes, names, and what the contexts of this
  // thread say of devices, control inputs and colocation. Nothing has changed when it throws, but
  // for names. Throws what the operation's definition throws, RuntimeError when finalized.
  Node* add_node(NodeArguments arguments);

  Node* find_node(std::string_view name) const;  // null when there is none
  int node_count() const;
  Node* node(int id) const;  // ids are 0 .. node_count() - 1

  std::string unique_name(std::string_view name, bool mark_as_used = true);

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
  bool finalized = false;

 private:
  std::string device_for_new(Node& node);
  void add_context_inputs(Node& node);

  uint64_t id_;
  std::deque<Node> nodes_;
  std::unordered_map<std::string_view, Node*> by_name_;
  std::unordered_map<std::string, int> names_in_use_;  // lower case
  std::map<std::type_index, std::shared_ptr<void>> extensions_;
};

// Infers what the output shapes of a node are, from what is known of its inputs.
Shapes infer_shapes(const RegisteredOp& def, const std::string& name, const AttrMap& attrs,
                    const std::vector<Endpoint>& inputs);
// The value of an endpoint where the graph alone says it (constants, static shapes), else empty.
Tensor constant_value(const Endpoint& endpoint);

}  // namespace tenon::internal
