// The working copy of the part of a graph that one plan runs. The passes change it, one after the
// other: prune, specialise, simplify, transfer, fuse, order, memory, bind.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/backend/backend.h"
#include "core/graph/graph_state.h"
#include "core/graph/node.h"

namespace tenon::internal {

// What a plan is made for.
struct PlanRequest {
  struct FedValue {
    Endpoint endpoint;
    DType dtype = DType::invalid;
    Shape shape = {};
    Tensor known = {};  // its value on the host, when shapes hang on it (after a cut)
    int memory = 0;     // the device whose memory it is in
  };
  std::vector<Endpoint> fetches = {};
  std::vector<Node*> targets = {};  // run, but nothing comes back
  std::vector<FedValue> feeds = {};
  std::vector<const Node*> done = {};  // ran already, before a cut: never run again
  bool keep_on_device = false;         // results stay in the memory they were made in
};

// The memory of the host, which all devices that compute in it share.
inline constexpr int kHost = 0;

// What a plan must know of the session it is made for.
class PlanEnvironment {
 public:
  virtual ~PlanEnvironment() = default;
  // The session's devices. The first is the host's, on which constants are computed while planning.
  virtual const std::vector<Device*>& devices() const = 0;
  // The index of an operation's device, by the placement of the whole graph.
  virtual int device_of(const Node& node) const = 0;
  // The index of the device whose memory one computes in.
  int memory_of(int device) const {
    return devices()[static_cast<size_t>(device)]->host_memory() ? kHost : device;
  }
  // The shape of a variable's value now; nothing when it isn't initialised.
  virtual std::optional<Shape> variable_shape(const Node& variable) const = 0;
  // The seeds of a random operation that has none of its own: chosen once a session and operation.
  virtual std::pair<int64_t, int64_t> chosen_seeds(const Node& node) const = 0;
};

// One tensor of a plan.
struct PlanValue {
  DType dtype = DType::invalid;
  Shape shape = {};
  Tensor constant = {};   // its value on the host, where it is known
  int producer = -1;      // operation; -1: fed
  int alias_of = -1;      // the value whose memory this is
  int variable = -1;      // the variable whose memory this is
  int feed = -1;          // the feed whose memory this is
  const Node* fed = {};   // whose output is fed
  int memory = kHost;     // the device whose memory this is in (set by transfer)
  bool foldable = false;  // follows from constants alone
};

// Why an operation is in a plan.
enum class Need : uint8_t {
  kNone,   // it isn't: only its shapes are wanted
  kOrder,  // for what it waits for: its own results aren't wanted
  kRun,
};

// What is done for an operation when the plan runs.
enum class StepKind : uint8_t {
  kNothing,  // its results are other values' memory, or known
  kKernel,
  kElementwise,
  kAssign,            // Assign, AssignVariableOp
  kIsInitialized,     // IsVariableInitialized, VarIsInitializedOp
  kInitializedValue,  // _InitializedValue, _InitializedResource
  kCopy,              // a read of a variable that must outlive a write
  // A value crosses from one device's memory to another's. A device sends by copying into the
  // receiver's memory; from the host the receiver copies. The other of the two only waits.
  kSend,
  kReceive,
};

struct PlanOp {
  const Node* node = nullptr;  // names, attributes
  std::vector<int> inputs;     // values
  std::vector<int> outputs;
  std::vector<int> controls;  // operations that it waits for, besides the producers of its inputs
  std::vector<int> reads;     // variables whose memory it reads when it runs
  std::vector<int> writes;    // variables
  std::vector<int> written_inputs;  // the inputs of `writes`
  std::vector<int> host_inputs;     // that the kernel wants in host memory (set by transfer)
  Need need = Need::kNone;
  StepKind kind = StepKind::kNothing;
  int device = kHost;  // that it runs on (set by transfer)
  Epilogue epilogue = {};
  std::shared_ptr<ElementwiseProgram> program = {};
  bool deferred = false;  // beyond a cut

  bool runs() const { return need == Need::kRun; }
};

struct PlanVariable {
  const Node* node = nullptr;
  bool must_be_initialized =
      false;  // read, or changed in place, before any assignment of this plan
  bool written = false;
};

struct PlanGraph {
  std::vector<PlanValue> values;
  std::vector<PlanOp> ops;  // in an order in which producers come first
  std::vector<PlanVariable> variables;
  std::vector<int> fetches;     // values, as in the request
  std::vector<int> cut_values;  // whose values decide shapes; the plan can't go beyond them
  std::vector<int> order;       // operations in the order they run

  // The value that owns the memory of this one.
  int root(int value) const {
    while (values[static_cast<size_t>(value)].alias_of >= 0) {
      value = values[static_cast<size_t>(value)].alias_of;
    }
    return value;
  }
  PlanValue& value(int index) { return values[static_cast<size_t>(index)]; }
  const PlanValue& value(int index) const { return values[static_cast<size_t>(index)]; }
  PlanOp& op(int index) { return ops[static_cast<size_t>(index)]; }
  const PlanOp& op(int index) const { return ops[static_cast<size_t>(index)]; }
  const PlanValue& input(const PlanOp& op, int index) const {
    return value(op.inputs[static_cast<size_t>(index)]);
  }
};

inline bool contains(const std::vector<int>& numbers, int number) {
  for (const int one : numbers) {
    if (one == number) return true;
  }
  return false;
}

// The variable (VariableV2, VarHandleOp) behind a reference or handle; null for another endpoint.
const Node* variable_of(const Endpoint& endpoint);

// Whether a device's kernel computes it; otherwise the plan itself does what is to do.
bool needs_kernel(const Node& node);

// Whether a step reads the memory of an input, not only its shape or its state.
bool reads_memory(const PlanOp& op, size_t input);

// The passes. Each is in its own file and says there what it does.
PlanGraph prune(const GraphState& graph, const PlanRequest& request);
void specialise(PlanGraph& plan, const PlanEnvironment& environment);
void mark_needed(PlanGraph& plan, const std::vector<int>& values,
                 const std::vector<Node*>& targets);
void simplify(PlanGraph& plan);
void transfer(PlanGraph& plan, const PlanEnvironment& environment, bool keep_on_device = false);
void fuse(PlanGraph& plan);
void order(PlanGraph& plan);

// The error for a placeholder that was needed and not fed.
[[noreturn]] void fail_unfed(const Node& placeholder);

// Runs one operation on the host, now: what folding is made of.
std::vector<Tensor> evaluate_on_host(const Node& node, const std::vector<Tensor>& inputs,
                                     const std::vector<Shape>& output_shapes, Device& host);

// "'model/MatMul' (MatMul), made at model.cc:12"
std::string described(const Node& node);

}  // namespace tenon::internal
