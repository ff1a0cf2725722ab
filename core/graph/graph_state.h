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
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/graph/body.h"
#include "core/graph/name_table.h"
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
  InlineVector<NodeInput, 3> inputs = {};
  // How many of them each argument of the signature has: one unless it is a list.
  InlineVector<size_t, 4> input_counts = {};
  std::vector<Node*> control_inputs = {};
  AttrMap attrs = {};  // without those that follow from the inputs
  Location where = {};
  std::optional<Shape> shape = {};  // merged into the first output's inferred shape
};

// What an operation that has a Flow is made of.
struct FlowArguments {
  std::string_view type;
  std::string name = {};  // as NodeArguments::name
  std::vector<Endpoint> inputs = {};
  std::vector<Node*> control_inputs = {};
  std::vector<DType> output_dtypes = {};
  Shapes output_shapes = {};
  Flow flow = {};
  Location where = {};
};

// State of later layers, one of each type, made on first use.
class Extensions {
 public:
  template <typename T>
  T& get() {
    for (const auto& [type, state] : states_) {
      if (type == &kType<T>) return *static_cast<T*>(state.get());
    }
    states_.emplace_back(&kType<T>, std::make_shared<T>());
    return *static_cast<T*>(states_.back().second.get());
  }

 private:
  template <typename T>
  static constexpr char kType = 0;  // its address stands for T

  std::vector<std::pair<const char*, std::shared_ptr<void>>> states_;  // few
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
  Body* body = nullptr;    // that operations are made in; null: the graph itself
  std::vector<DeviceEntry> devices;
  std::vector<ControlEntry> controls;
  std::vector<Node*> colocations;
  // What operations of a type get as the name of their gradient (gradient_overrides.h).
  std::vector<std::pair<std::string, std::string>> gradient_overrides;
  Extensions extensions;
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

  // The same for an operation that owns bodies, which are built with it.
  Node* add_flow(FlowArguments arguments);
  // A body to be built; it lives as long as the graph.
  Body& add_body(Body body);

  Node* find_node(std::string_view name) const;  // null when there is none
  int node_count() const;
  Node* node(int id) const;  // ids are 0 .. node_count() - 1

  // Graph::unique_name; absolute_name takes the whole name, without the name scope.
  std::string unique_name(std::string_view name, bool mark_as_used = true);
  std::string unique_absolute_name(std::string_view name);

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
    return extensions_.get<T>();
  }
  // The same for the calling thread's own state on this graph.
  template <typename T>
  T& thread_extension() {
    return contexts().extensions.get<T>();
  }

  Operation handle(Node* node) { return Operation(weak_from_this(), node); }
  Output handle(Endpoint endpoint) {
    return Output(Unchecked(), handle(endpoint.node), endpoint.index);
  }

  using Collection = std::vector<std::any>;
  // By key; shared, so that get_collection_ref can hand out the list itself.
  std::map<std::string, std::shared_ptr<Collection>, std::less<>> collections;
  std::optional<int64_t> seed;
  // Operations that TensorFlow makes where we need fewer: seeds follow from how many there are.
  int64_t operations_saved = 0;
  bool finalized = false;

 private:
  // A name that nothing has.
  struct FreeName {
    std::string name = {};
    NameEntry* asked = nullptr;  // entry of the name that was asked for
    NameEntry* entry = nullptr;  // its own
  };
  FreeName free_name(std::string_view scope, std::string_view name);
  void use(const FreeName& name);
  void use(NameEntry& entry);
  Node* add_constant(FreeName name, Tensor value, const Location& where);
  FreeName name_of_new_node(std::string_view type, const std::string& name);
  void make_visible(NodeArguments& arguments);
  void require_open(std::string_view type) const;
  Node* append(GraphContexts& here, Node& node, NameEntry& entry);
  void take_back_last();
  void apply_place(GraphContexts& here, Node& node);
  void apply_devices(GraphContexts& here, Node& node);
  static void apply_colocation(const GraphContexts& here, Node& node);
  static void apply_control_inputs(GraphContexts& here, Node& node);
  static void apply_gradient_overrides(const GraphContexts& here, Node& node);

  uint64_t id_;
  std::deque<Node> storage_;  // those taken back, too
  std::deque<Body> bodies_;
  std::deque<Flow> flows_;
  std::vector<Node*> nodes_;  // by id
  mutable NameTable names_;
  int trials_ = 0;
  bool kept_ = false;
  // While trials_ > 0: entries of names_ and how often they were asked for before.
  std::vector<std::pair<NameEntry*, int>> names_before_;
  Extensions extensions_;
};

// Whether a whole name may be an operation's, and a name scope's part inside another scope's.
bool valid_op_name(std::string_view name);
bool valid_scope_name(std::string_view name);

}  // namespace tenon::internal
