// Group: updates of variables that follow each other, and don't wait for each other, become one
// step: an optimizer's for all its variables.
#include <algorithm>
#include <vector>

#include "core/backend/groups.h"
#include "core/plan/joined_steps.h"
#include "core/plan/passes.h"

namespace tenon::internal {
namespace {

class Grouper {
 public:
  Grouper(PlanGraph& plan, const PlanEnvironment& environment)
      : plan_(plan), environment_(environment) {}

  void run() {
    group_steps(
        plan_, [this](OpId id) { return extend(id); }, [this] { close(); });
  }

 private:
  bool extend(OpId id) {
    const PlanOp& op = plan_.op(id);
    if (!op.updates_in_place() || op.program == nullptr) return false;
    const Device& device = environment_.device_at(op.device);
    if (device.host_memory()) return false;  // where a launch is a call
    const KernelRegistration* kernel = device.kernels().find(kGroupOp, DType::invalid);
    if (kernel == nullptr || kernel->takes_group == nullptr) return false;
    if (!ops_.empty() && (op.device != plan_.op(ops_.front()).device || meets_group(id))) {
      return false;
    }
    program_.parts.push_back({request_of(plan_, op, environment_), op.program});
    if (!kernel->takes_group(program_)) {
      program_.parts.pop_back();
      return false;
    }
    ops_.push_back(id);
    return true;
  }

  // Whether the operation reads what the group writes, or the other way round; or waits for it.
  bool meets_group(OpId id) const {
    const PlanOp& op = plan_.op(id);
    return plan_.waits_for(id, ops_) || std::any_of(ops_.begin(), ops_.end(), [&](OpId member) {
             const PlanOp& other = plan_.op(member);
             return reads_writes(op, other) || reads_writes(other, op);
           });
  }

  bool reads_writes(const PlanOp& reader, const PlanOp& writer) const {
    return std::any_of(reader.inputs().begin(), reader.inputs().end(), [&](ValueId input) {
      return contains(writer.writes, plan_.variable_behind(input));
    });
  }

  void close() {
    if (ops_.size() > 1) join();
    ops_.clear();
    program_ = {};
  }

  void join() {
    std::vector<ValueId> inputs, outputs;
    std::vector<VariableId> writes;
    std::vector<int> written_inputs;
    for (const OpId id : ops_) {
      const PlanOp& op = plan_.op(id);
      for (const int written : op.written_inputs) {
        written_inputs.push_back(static_cast<int>(inputs.size()) + written);
      }
      writes.insert(writes.end(), op.writes.begin(), op.writes.end());
      inputs.insert(inputs.end(), op.inputs().begin(), op.inputs().end());
      outputs.insert(outputs.end(), op.outputs().begin(), op.outputs().end());
    }
    PlanOp& last = plan_.op(ops_.back());
    last.writes = std::move(writes);
    last.written_inputs = std::move(written_inputs);
    last.program.reset();
    last.group = std::make_shared<const GroupProgram>(std::move(program_));
    plan_.join(ops_, std::move(inputs), std::move(outputs));
  }

  PlanGraph& plan_;
  const PlanEnvironment& environment_;
  std::vector<OpId> ops_;
  GroupProgram program_;
};

}  // namespace

void group(PlanGraph& plan, const PlanEnvironment& environment) {
  Grouper(plan, environment).run();
}

}  // namespace tenon::internal
