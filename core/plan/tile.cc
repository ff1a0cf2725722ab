// Tile: steps that follow each other and work row by row become one, which takes a few rows at a
// time through all of them: what lies between them stays in the cache, or in a GPU's registers, and
// never takes its way through memory.
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "core/backend/tiles.h"
#include "core/plan/joined_steps.h"
#include "core/plan/passes.h"
#include "core/tensor/byte_count.h"

namespace tenon::internal {
namespace {

constexpr size_t kLeastSaved = size_t{1} << 20;    // bytes that needn't go through memory
constexpr size_t kLongestRow = size_t{256} << 10;  // bytes of one row of everything

// The steps that are to become one, while they are found.
class Group {
 public:
  // How an operation takes an input.
  struct Use {
    ValueId value;
    OwnerId owner;
    bool by_rows = false;
    bool is_read = true;
  };

  bool empty() const { return ops.empty(); }
  bool makes(OwnerId owner) const { return made_.contains(owner); }

  // Where all that it takes fits the group: a value that the group makes isn't there as a whole.
  bool takes(int64_t of_rows, const std::vector<Use>& uses) const {
    if (!empty() && program.rows != of_rows) return false;
    return std::all_of(uses.begin(), uses.end(), [&](const Use& use) {
      return !use.is_read || use.by_rows || !makes(use.owner);
    });
  }

  void add(OpId op, OwnerId output, TileProgram::Part part, std::vector<Use> uses) {
    for (const Use& use : uses) {
      if (use.is_read) ++reads[use.owner];
    }
    made_[output] = ops.size();
    ops.push_back(op);
    program.parts.push_back(std::move(part));
    uses_.push_back(std::move(uses));
  }

  // Numbers the values; answers those that come from outside.
  std::vector<ValueId> settle() {
    std::map<std::pair<OwnerId, bool>, int> numbers;
    std::vector<ValueId> inputs;
    for (const std::vector<Use>& uses : uses_) {
      for (const Use& use : uses) {
        if (!use.is_read || makes(use.owner)) continue;
        const auto next = static_cast<int>(inputs.size());
        if (!numbers.try_emplace({use.owner, use.by_rows}, next).second) continue;
        inputs.push_back(use.value);
        program.input_by_rows.push_back(use.by_rows);
      }
    }
    const auto number_of = [&](const Use& use) {
      if (!use.is_read) return -1;
      if (makes(use.owner)) return program.value_of(made_.at(use.owner));
      return numbers.at({use.owner, use.by_rows});
    };
    for (size_t part = 0; part < ops.size(); ++part) {
      for (const Use& use : uses_[part]) program.parts[part].inputs.push_back(number_of(use));
    }
    return inputs;
  }

  std::vector<OpId> ops;
  TileProgram program;
  std::map<OwnerId, int> reads;  // by its operations

 private:
  std::vector<std::vector<Use>> uses_;  // of each operation
  std::map<OwnerId, size_t> made_;      // by which of its operations
};

class Tiler {
 public:
  Tiler(PlanGraph& plan, const PlanEnvironment& environment)
      : plan_(plan),
        environment_(environment),
        readers_(plan.value_count(), 0),
        waited_for_(plan.op_count(), false) {
    for (const OpId id : plan.ops()) {
      for (const OpId control : plan.op(id).controls()) waited_for_[control] = true;
    }
    for (const OpId id : plan.ops()) {
      const PlanOp& op = plan.op(id);
      // What is other values' memory is read where it is used.
      if (op.kind == StepKind::kNothing && !waited_for_[id]) continue;
      for (size_t i = 0; i < op.inputs().size(); ++i) ++readers_[plan.owner_id(op.input(i))];
    }
    for (const ValueId fetch : plan.fetches()) ++readers_[plan.owner_id(fetch)];
  }

  void run() {
    group_steps(
        plan_, [this](OpId id) { return extend(id); }, [this] { close(); });
    erase_names_of_nothing();
  }

 private:
  // Adds the step to the group, if it works by rows as those there do.
  bool extend(OpId id) {
    const PlanOp& op = plan_.op(id);
    if (!may_tile(id) || is_ordered_behind_group(op)) return false;
    const Shape& made = plan_.value(op.output()).shape;
    TileProgram::Part part{.dtype = op.node->main_dtype(), .program = op.program};
    part.request = request_of(plan_, op, environment_);
    const bool is_program = op.program != nullptr;
    if (!is_program && !op.def().by_rows(part.request)) return false;
    std::vector<Group::Use> uses;
    for (size_t i = 0; i < op.inputs().size(); ++i) {
      const Shape& shape = plan_.input(op, i).shape;
      const bool by_rows = is_program ? shape.rank() == made.rank() && shape[0] == made[0] : i == 0;
      const bool is_read = reads_memory(op, i) && !contains(op.def().needs_value, i);
      uses.push_back({op.input(i), plan_.owner_id(op.input(i)), by_rows, is_read});
    }
    if (!group_.takes(made[0], uses) || !kernel_takes(op, part)) return false;
    group_.program.rows = made[0];
    group_.add(id, plan_.owner_id(op.output()), std::move(part), std::move(uses));
    return true;
  }

  // Whether it waits for the group by more than what it takes from it.
  bool is_ordered_behind_group(const PlanOp& op) const {
    return std::any_of(op.controls().begin(), op.controls().end(),
                       [&](OpId control) { return plan_.waits_for(control, group_.ops); });
  }

  const KernelRegistration* kernel_on(DeviceId device) const {
    return environment_.device_at(device).kernels().find(kTilesOp, DType::invalid);
  }

  // Whether the device's kernel can go over the group's rows for this part too.
  bool kernel_takes(const PlanOp& op, const TileProgram::Part& part) {
    const KernelRegistration& kernel = *kernel_on(op.device);
    if (kernel.takes_tiles == nullptr) return true;
    std::vector<TileProgram::Part>& parts = group_.program.parts;
    parts.push_back(part);
    const bool takes = kernel.takes_tiles(group_.program);
    parts.pop_back();
    return takes;
  }

  bool may_tile(OpId id) const {
    const PlanOp& op = plan_.op(id);
    const bool works_by_rows = op.kind == StepKind::kElementwise ||
                               (op.kind == StepKind::kKernel && op.def().by_rows != nullptr);
    if (!works_by_rows || waited_for_[id] || !op.writes.empty() || !op.epilogue.empty() ||
        op.outputs().size() != 1) {
      return false;
    }
    const KernelRegistration* kernel = kernel_on(op.device);
    const bool on_host = environment_.device_at(op.device).host_memory();
    if (kernel == nullptr || (!on_host && kernel->takes_tiles == nullptr)) return false;
    if (!group_.empty() && op.device != plan_.op(group_.ops.front()).device) return false;
    const PlanValue& made = plan_.value(op.output());
    const bool has_rows = made.shape.rank() > 0 && made.shape[0] > 1 && !made.is_alias() &&
                          made.shape.element_count() > 0 && made.dtype != DType::string;
    return has_rows && std::all_of(op.inputs().begin(), op.inputs().end(), [&](ValueId input) {
             const DType dtype = plan_.value(input).dtype;
             return dtype != DType::resource && dtype != DType::string;
           });
  }

  // Whether an operation outside of the group reads what the group makes, or a fetch.
  bool leaves_group(OwnerId owner) const {
    const auto inside = group_.reads.find(owner);
    return readers_[owner] > (inside == group_.reads.end() ? 0 : inside->second);
  }

  // Bytes of what is made and read, that joining keeps in the cache.
  size_t saved_bytes() const {
    size_t saved = 0;
    for (const auto& [owner, reads] : group_.reads) {
      const ValueId value = PlanGraph::made_in(owner);
      const bool is_made = group_.makes(owner);
      const size_t spared = static_cast<size_t>(reads) - (is_made ? 0 : 1) +
                            (is_made && !leaves_group(owner) ? 1 : 0);
      saved += spared * plan_.bytes_of(value);
    }
    return saved;
  }

  size_t bytes_a_row() const {
    size_t bytes = 0;
    for (const TileProgram::Part& part : group_.program.parts) {
      const TensorSpec& made = part.request.outputs[0];
      bytes += byte_count(made.dtype, made.shape);
    }
    return bytes / static_cast<size_t>(std::max<int64_t>(group_.program.rows, 1));
  }

  // A kernel of its own saves launches too; it goes by rows for what reduces them.
  bool is_worth_it() const {
    if (group_.ops.size() < 2) return false;
    const bool has_own = kernel_on(plan_.op(group_.ops.front()).device)->takes_tiles != nullptr;
    if (!has_own) return saved_bytes() >= kLeastSaved && bytes_a_row() <= kLongestRow;
    return std::any_of(group_.program.parts.begin(), group_.program.parts.end(),
                       [](const TileProgram::Part& part) { return part.program == nullptr; });
  }

  void close() {
    if (is_worth_it()) join();
    group_ = {};
  }

  void join() {
    std::vector<ValueId> inputs = group_.settle(), outputs;
    for (size_t part = 0; part < group_.ops.size(); ++part) {
      const ValueId made = plan_.op(group_.ops[part]).output();
      if (!leaves_group(plan_.owner_id(made))) continue;
      outputs.push_back(made);
      group_.program.outputs.push_back(group_.program.value_of(part));
    }
    PlanOp& last = plan_.op(group_.ops.back());
    last.kind = StepKind::kKernel;
    last.program.reset();
    last.host_inputs.clear();
    last.tiles = std::make_shared<const TileProgram>(std::move(group_.program));
    plan_.join(group_.ops, std::move(inputs), std::move(outputs));
  }

  // Operations that gave what is gone another shape.
  void erase_names_of_nothing() {
    const std::vector<OpId> ops(plan_.ops().begin(), plan_.ops().end());
    for (const OpId id : ops) {
      const PlanOp& op = plan_.op(id);
      if (op.node == nullptr || op.kind != StepKind::kNothing) continue;
      bool is_gone = false;
      plan_.for_each_predecessor(
          op, [&](OpId before) { is_gone = is_gone || plan_.op(before).node == nullptr; });
      if (is_gone) plan_.erase(id);
    }
  }

  PlanGraph& plan_;
  const PlanEnvironment& environment_;
  IdVector<OwnerId, int> readers_;  // of what lies in that memory
  IdVector<OpId, bool> waited_for_;
  Group group_;
};

}  // namespace

void tile(PlanGraph& plan, const PlanEnvironment& environment) { Tiler(plan, environment).run(); }

}  // namespace tenon::internal
