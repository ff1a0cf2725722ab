// The plan while it is made: a copy of the part of a graph that one run needs, which passes change
// one after the other (passes.h lists them).
//
// Only a PlanGraph changes what is connected with what: passes ask it to. What holds of it behind
// each pass, and is checked by verify():
//   - operations are listed so that all that one depends on comes before it;
//   - none that was erased is listed or used, and every list agrees with what it lists;
//   - once everything has its memory, each step's inputs lie where the step can read them;
//   - once it is ordered, each read of a variable comes before the writes that it must not see.
//
// A value has a dtype and a shape of its own, also where its memory is another value's (a reshaped
// tensor, a variable that was read): Owner, which says whose memory it is, has neither.
//
// Operations may run bodies (branches, loops; bodies.h): each is planned by itself, as a run of its
// own, when it first runs.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/backend/backend.h"
#include "core/base/id.h"
#include "core/plan/plan_request.h"

namespace tenon::internal {

using OpId = Id<struct PlanOpKind>;
using ValueId = Id<struct PlanValueKind>;
using VariableId = Id<struct PlanVariableKind>;
using OwnerId = Id<struct OwnerKind>;

class PlanGraph;

// One tensor of a plan.
class PlanValue {
 public:
  DType dtype = DType::invalid;
  Shape shape = {};
  Tensor constant = {};           // its value on the host, where it is known
  MemoryId memory = kHostMemory;  // that it is in (set by transfer)
  bool foldable = false;          // follows only from constants

  OpId producer() const { return producer_; }           // of nothing: it is fed
  ValueId alias_of() const { return alias_of_; }        // the value whose memory this is
  bool is_alias() const { return alias_of_.exists(); }  // of another value's memory
  VariableId variable() const { return variable_; }     // whose memory or handle this is
  int feed() const { return feed_; }                    // whose tensor this is; -1: not fed

 private:
  friend class PlanGraph;
  OpId producer_;
  ValueId alias_of_;
  VariableId variable_;
  int feed_ = -1;
  bool is_missing_ = false;    // it is fed, but there is no tensor
  const Node* fed_ = nullptr;  // whose output is fed
};

// Whose memory a value is.
struct Owner {
  OwnerId id;
  VariableId variable;
  int feed = -1;
  OpId producer;
  MemoryId memory;
  bool is_known = false;   // kept by the plan, wherever it is used
  bool is_string = false;  // on the host, wherever it is used
};

// What is done for an operation when the plan runs.
enum class StepKind : uint8_t {
  kNothing,  // its results are other values' memory, or known
  kKernel,
  kElementwise,
  kAssign,            // a variable is given a value
  kIsInitialized,     // says whether a variable has one
  kInitializedValue,  // a variable's value, or another one
  kBodies,            // bodies run (bodies.h), or a function of the host
  kCopy,              // a read of a variable that must outlive a write
  // A value crosses from one device's memory to another's. A device sends by copying into the
  // receiver's memory; from the host the receiver copies. The other of the two only waits.
  kSend,
  kReceive,
};

class PlanOp {
 public:
  const Node* node = nullptr;  // names, attributes
  StepKind kind = StepKind::kNothing;
  bool only_orders = false;       // its results aren't wanted: it is there for what it waits for
  bool deferred = false;          // beyond a cut
  DeviceId device = kHostDevice;  // that it runs on (set by transfer)
  std::vector<VariableId> reads;  // variables whose memory it reads when it runs
  std::vector<VariableId> writes;
  std::vector<int> written_inputs;  // the inputs of `writes`
  std::vector<int> host_inputs;     // that the kernel wants in host memory (set by transfer)
  FlowUse use;                      // of one that runs bodies
  Epilogue epilogue = {};
  std::shared_ptr<ElementwiseProgram> program = {};
  // Operations that were joined into this one: row by row, or side by side.
  std::shared_ptr<const TileProgram> tiles = {};
  std::shared_ptr<const GroupProgram> group = {};
  DeviceId peer = kHostDevice;  // of kSend and kReceive: the other device
  int event = -1;               // of kSend and kReceive: says that the value is there

  std::span<const ValueId> inputs() const { return inputs_; }
  ValueId input(size_t i) const { return inputs_[i]; }
  ValueId input(int i) const { return nth(inputs_, i); }
  std::span<const ValueId> outputs() const { return outputs_; }
  ValueId output(size_t i) const { return outputs_[i]; }
  ValueId output(int i = 0) const { return nth(outputs_, i); }
  // Operations that it waits for, besides the producers of its inputs.
  std::span<const OpId> controls() const { return controls_; }

  const OpDef& def() const { return *node->def; }
  bool is_variable() const { return kind == StepKind::kNothing && def().is_variable; }
  bool moves() const { return kind == StepKind::kSend || kind == StepKind::kReceive; }
  bool updates_in_place() const { return kind == StepKind::kElementwise && !writes.empty(); }

 private:
  friend class PlanGraph;
  std::vector<ValueId> inputs_;
  std::vector<ValueId> outputs_;
  std::vector<OpId> controls_;
};

struct PlanVariable {
  const Node* node = nullptr;
  bool must_be_initialized =
      false;  // read, or changed in place, before any assignment of this plan
  bool written = false;

  bool is_reference() const { return node->output_refs[0]; }  // else a resource variable
};

class PlanGraph {
 public:
  // What the plan is to compute.
  struct Goals {
    std::vector<ValueId> values;
    std::vector<OpId> ops;
  };
  Goals goals;
  std::vector<ValueId> cut_values;  // that decide shapes: the plan can't go beyond them
  std::vector<OpId> cut_ops;        // the same of assignments that give variables other shapes
  int events = 0;                   // of sends and receives

  // Operations, in topological order. In order of their ids they are as they were made.
  std::span<const OpId> ops() const { return order_; }
  size_t op_count() const { return ops_.size(); }  // that ever were
  size_t value_count() const { return values_.size(); }
  PlanOp& op(OpId id) { return ops_[id]; }
  const PlanOp& op(OpId id) const { return ops_[id]; }
  PlanValue& value(ValueId id) { return values_[id]; }
  const PlanValue& value(ValueId id) const { return values_[id]; }
  const PlanValue& input(const PlanOp& op, size_t i) const { return values_[op.inputs_[i]]; }
  PlanVariable& variable(VariableId id) { return variables_[id]; }
  const PlanVariable& variable(VariableId id) const { return variables_[id]; }
  const std::vector<PlanVariable>& variables() const { return variables_.items(); }
  std::span<const ValueId> fetches() const { return fetches_; }  // as in the request

  Owner owner(ValueId id) const;
  OwnerId owner_id(ValueId id) const { return OwnerId(root(id).index()); }
  VariableId variable_behind(ValueId id) const { return values_[root(id)].variable_; }
  // The value that was made, fed or stored in that memory.
  static ValueId made_in(OwnerId id) { return ValueId(id.index()); }
  const Node* fed_node(ValueId id) const { return values_[id].fed_; }  // whose output is fed
  // Whether an operation that runs bodies takes the value where it lies: what other bodies hand
  // out, or what is fed to one, may be missing, and a copy of it could not be.
  bool passes_as_it_is(const PlanOp& op, ValueId value) const;
  // What lies in a value's memory: a handle stands for its variable.
  TensorSpec stored(ValueId id) const;
  size_t bytes_of(ValueId id) const;

  // Editing. What an operation depends on is there before it.
  OpId add_op(const Node& node, StepKind kind = StepKind::kNothing);
  ValueId add_feed(int index, const PlanRequest::FedValue& feed);
  ValueId add_output(OpId op, TensorSpec spec, MemoryId memory = kHostMemory);
  VariableId add_variable(const Node& node);
  void set_variable(ValueId value, VariableId variable);
  void add_fetch(ValueId value) { fetches_.push_back(value); }
  void set_fetches(std::vector<ValueId> values) { fetches_ = std::move(values); }
  void replace_fetch(size_t i, ValueId value) { fetches_[i] = value; }

  void add_input(OpId op, ValueId value);
  void replace_input(OpId op, size_t i, ValueId value);
  void drop_input(OpId op, size_t i);
  void add_control(OpId op, OpId before);
  // An output is another value's memory from now on; or its own again.
  void pass_on(ValueId output, ValueId of);
  void own_memory(ValueId output) { values_[output].alias_of_ = ValueId(); }
  // A copy of a value in the memory where it lies, made by an operation of the same name.
  OpId insert_copy(ValueId of, const Node& name);
  // The same memory under another value's dtype and shape.
  ValueId add_view(ValueId of, ValueId like);
  // `op` waits for and reads what `producer`, which goes, did.
  void absorb(OpId op, OpId producer);
  // `op` does what `producer`, which goes, did: where `op` stood, after all that either waits for.
  void become(OpId op, OpId producer);
  // The last of these operations stands for all of them from now on, with these inputs and outputs:
  // who waited for one of them waits for it.
  void join(std::span<const OpId> ops, std::vector<ValueId> inputs, std::vector<ValueId> outputs);

  void erase(OpId op);
  void erase_all_but(const IdVector<OpId, bool>& kept);
  // Lists what is left so that the order holds; called behind every pass.
  void tidy();
  void set_order(std::vector<OpId> order) { order_ = std::move(order); }
  void move_behind(OpId op, OpId other);  // in the order

  template <typename F>
  void for_each_predecessor(const PlanOp& op, F&& visit) const {
    for (const ValueId input : op.inputs_) {
      if (const OpId producer = values_[input].producer_; producer.exists()) visit(producer);
    }
    for (const OpId control : op.controls_) visit(control);
  }

  // Whether an operation waits for one of these: directly, or by way of others that do nothing when
  // the plan runs. (They follow each other as steps: by way of a step it can't.)
  bool waits_for(OpId id, std::span<const OpId> ops) const;

  // Throw RuntimeError (bad_placement for memories) that says what doesn't hold. `behind` is the
  // pass that ran last.
  void verify(std::string_view behind) const;
  void verify_memories(const PlanEnvironment& environment) const;
  void verify_reads() const;

  std::string to_string() const;  // a line an operation, for people

 private:
  ValueId root(ValueId id) const;
  bool is_erased(OpId id) const { return ops_[id].node == nullptr; }
  void visit_in_order(OpId id, IdVector<OpId, bool>& seen, std::vector<OpId>& found) const;

  IdVector<ValueId, PlanValue> values_;
  IdVector<OpId, PlanOp> ops_;
  IdVector<VariableId, PlanVariable> variables_;
  std::vector<OpId> order_;
  std::vector<ValueId> fetches_;
};

template <typename T>
bool contains(std::span<const T> items, const T& item) {
  for (const T& one : items) {
    if (one == item) return true;
  }
  return false;
}
template <typename T>
bool contains(const std::vector<T>& items, const T& item) {
  return contains(std::span<const T>(items), item);
}

// Of the numbers of inputs.
inline bool contains(const std::vector<int>& numbers, size_t number) {
  return contains(numbers, static_cast<int>(number));
}

// Whether a step reads the memory of an input, not only its shape or its state.
bool reads_memory(const PlanOp& op, size_t input);

// Whether an operation runs as a step: whether there is something to do.
bool is_step(const PlanGraph& graph, const PlanOp& op);
// Those that do, in order.
std::vector<OpId> steps_of(const PlanGraph& graph);

// The variable (VariableV2, VarHandleOp) behind a reference or handle; null for another endpoint.
const Node* variable_of(const Endpoint& endpoint);

// Whether a device's kernel computes it; otherwise the plan itself does what is to do.
bool needs_kernel(const Node& node);

// The error for a placeholder that was needed and not fed.
[[noreturn]] void fail_unfed(const Node& placeholder);

// Runs one operation on the host, now: what folding is made of.
std::vector<Tensor> evaluate_on_host(const Node& node, const std::vector<Tensor>& inputs,
                                     const std::vector<Shape>& output_shapes, Device& host);

// "'model/MatMul' (MatMul), made at model.cc:12"
std::string described(const Node& node);

}  // namespace tenon::internal
