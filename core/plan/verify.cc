// What holds of a plan graph behind each pass: see plan_graph.h.
#include <algorithm>
#include <string_view>

#include "core/base/check.h"
#include "core/plan/plan_graph.h"
#include "core/plan/write_order.h"

namespace tenon::internal {
namespace {

// Fails, saying of an operation what is wrong with it. (Described only here: plans are verified
// behind every pass, and right.)
[[noreturn]] void fail_at(const PlanOp& op, std::string_view behind, const char* wrong) {
  fail<RuntimeError>(ErrorKind::bad_argument, "Behind ", behind, " ", described(*op.node), wrong);
}

void verify_op(const PlanGraph& graph, OpId id, const IdVector<OpId, bool>& listed,
               std::string_view behind) {
  const PlanOp& op = graph.op(id);
  require<RuntimeError>(op.node != nullptr, ErrorKind::bad_argument, "Behind ", behind,
                        " an operation is listed that was erased");
  graph.for_each_predecessor(op, [&](OpId before) {
    if (!listed[before]) {
      fail_at(op, behind, " comes before what it depends on, or depends on what was erased");
    }
  });
  for (const ValueId output : op.outputs()) {
    if (graph.value(output).producer() != id) {
      fail_at(op, behind, " lists another operation's output");
    }
  }
}

}  // namespace

void PlanGraph::verify(std::string_view behind) const {
  IdVector<OpId, bool> listed(op_count(), false);
  for (const OpId id : order_) {
    verify_op(*this, id, listed, behind);
    if (listed[id]) fail_at(op(id), behind, " is listed twice");
    listed[id] = true;
  }
  for (const ValueId fetch : fetches_) {
    const OpId producer = value(fetch).producer();
    require<RuntimeError>(!producer.exists() || listed[producer], ErrorKind::bad_argument,
                          "Behind ", behind, " what is fetched isn't computed any more");
  }
}

void PlanGraph::verify_memories(const PlanEnvironment& environment) const {
  const auto check = [&](const PlanOp& op, ValueId id, MemoryId wanted) {
    const Owner lies = owner(id);
    if (value(id).dtype == DType::resource && !lies.variable.exists()) return;
    if (value(id).constant || lies.is_known || lies.is_string || lies.memory == wanted) return;
    fail<RuntimeError>(ErrorKind::bad_placement, described(*op.node), " runs on ",
                       environment.device_at(op.device).name(),
                       " and needs a value that lies in memory of ",
                       environment.device_at(DeviceId(lies.memory.index())).name(),
                       ": a copy is missing from the plan");
  };
  for (const OpId id : steps_of(*this)) {
    const PlanOp& op = ops_[id];
    const MemoryId memory = environment.memory_of(op.device);
    for (size_t i = 0; i < op.inputs_.size() && op.kind != StepKind::kReceive; ++i) {
      const bool on_host = contains(op.host_inputs, i);
      if (!reads_memory(op, i) || passes_as_it_is(op, op.inputs_[i])) continue;
      check(op, op.inputs_[i], on_host ? kHostMemory : memory);
    }
    for (const ValueId output : op.outputs_) {
      if (op.kind != StepKind::kSend && !value(output).is_alias()) check(op, output, memory);
    }
  }
}

void PlanGraph::verify_reads() const {
  IdVector<OpId, bool> ran(op_count(), false);
  const WriteOrder writes(*this);
  for (const OpId id : order_) {
    const PlanOp& op = ops_[id];
    for (const VariableId variable : op.reads) {
      const std::span<const OpId> writers = writes.writers_of(variable);
      const bool overwritten =
          !writes.any_precedes(variable, id) &&
          std::any_of(writers.begin(), writers.end(), [&](OpId writer) { return ran[writer]; });
      if (overwritten) {
        fail<RuntimeError>(ErrorKind::bad_argument, described(*op.node),
                           " reads what a write, which it doesn't come after, has overwritten");
      }
    }
    ran[id] = true;
  }
}

}  // namespace tenon::internal
