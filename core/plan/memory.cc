// Memory: where each value lies when the plan runs. Finds the steps in which each is live, lets
// results take the memory of inputs that die, gives every value its slot, and lays the
// slots of each memory out in one arena.
#include <algorithm>
#include <map>

#include "core/plan/arena_layout.h"
#include "core/plan/passes.h"
#include "core/plan/plan.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {
namespace {

// The steps in which the memory that steps make is live, and which values share it.
class Liveness {
 public:
  Liveness(const PlanGraph& graph, const PlanEnvironment& environment,
           const std::vector<OpId>& steps)
      : graph_(graph),
        environment_(environment),
        steps_(steps),
        lives_(graph.value_count()),
        shared_with_(graph.value_count()) {
    find_lives();
    share_in_place();
  }

  struct Life {
    int first = -1, last = -1;
  };

  // The owner of a value's memory, after sharing in place.
  OwnerId owner(ValueId value) const {
    OwnerId at = graph_.owner_id(value);
    while (shared_with_[at].exists()) at = shared_with_[at];
    return at;
  }
  const Life& life(OwnerId owner) const { return lives_[owner]; }

  // Whether it lies in an arena.
  bool in_arena(OwnerId id) const {
    const Owner owner = graph_.owner(PlanGraph::made_in(id));
    return !owner.is_known && !owner.variable.exists() && owner.feed < 0 &&
           owner.producer.exists() && !owner.is_string && lives_[id].first >= 0 &&
           graph_.op(owner.producer).kind != StepKind::kBodies;
  }

 private:
  void find_lives() {
    int at = -1;
    for (const OpId id : steps_) {
      const PlanOp& op = graph_.op(id);
      ++at;
      for (const ValueId output : op.outputs()) {
        if (!graph_.value(output).is_alias()) lives_[graph_.owner_id(output)] = {at, at};
      }
      for (size_t i = 0; i < op.inputs().size(); ++i) {
        if (reads_memory(op, i)) lives_[graph_.owner_id(op.input(i))].last = at;
      }
    }
    for (const ValueId fetch : graph_.fetches()) {
      lives_[graph_.owner_id(fetch)].last = static_cast<int>(steps_.size());
    }
  }

  // A result takes the memory of an input that is used here for the last time, where the kernel may
  // overwrite it.
  void share_in_place() {
    int at = -1;
    for (const OpId id : steps_) {
      ++at;
      const PlanOp& op = graph_.op(id);
      const KernelRegistration* const kernel = registration_of(op, environment_);
      if (kernel == nullptr || kernel->in_place.empty() || !op.writes.empty()) continue;
      const OwnerId output = graph_.owner_id(op.output());
      if (!in_arena(output) || is_fetched(output)) continue;
      for (size_t i = 0; i < op.inputs().size(); ++i) {
        if (!kernel->may_overwrite(static_cast<int>(i))) continue;
        const ValueId input = op.input(i);
        const OwnerId from = owner(input);
        if (!in_arena(from) || is_fetched(from) || lives_[from].last != at ||
            !fits(from, input, op.output())) {
          continue;
        }
        shared_with_[output] = from;
        lives_[from].last = lives_[output].last;
        break;
      }
    }
  }

  bool fits(OwnerId from, ValueId input, ValueId output) const {
    const PlanValue &taken = graph_.value(input), &made = graph_.value(output);
    return taken.shape == made.shape && taken.dtype == made.dtype &&
           graph_.owner(input).memory == made.memory &&
           graph_.bytes_of(PlanGraph::made_in(from)) == graph_.bytes_of(output);
  }

  bool is_fetched(OwnerId owner) const {
    return std::any_of(graph_.fetches().begin(), graph_.fetches().end(),
                       [&](ValueId fetch) { return graph_.owner_id(fetch) == owner; });
  }

  const PlanGraph& graph_;
  const PlanEnvironment& environment_;
  const std::vector<OpId>& steps_;
  IdVector<OwnerId, Life> lives_;
  IdVector<OwnerId, OwnerId> shared_with_;
};

class SlotMaker {
 public:
  SlotMaker(const PlanGraph& graph, const PlanEnvironment& environment, Plan& plan)
      : graph_(graph),
        environment_(environment),
        plan_(plan),
        steps_(steps_of(graph)),
        liveness_(graph, environment, steps_),
        slots_(graph.value_count(), kNoSlot),
        live_(environment.devices().size()) {
    plan.uses_device.resize(plan.devices.size());
    plan.arenas.resize(plan.devices.size());
  }

  void run() {
    place_outputs();
    for (size_t i = 0; i < steps_.size(); ++i) place_step(i);
    lay_out_arenas();
  }

 private:
  static constexpr int kNoSlot = -1;

  // What lives in the arena of one memory.
  struct Live {
    std::vector<LiveTensor> tensors;
    std::vector<int> slots;  // of each; -1 - step for a step's workspace
  };

  template <typename T>
  static int last_index(const std::vector<T>& list) {
    return static_cast<int>(list.size()) - 1;
  }
  Slot& slot(int index) { return nth(plan_.slots, index); }

  int add_slot(const Slot& slot) {
    plan_.slots.push_back(slot);
    return last_index(plan_.slots);
  }

  // Values that are handed out are computed in the tensors handed out, where they are the plan's
  // own.
  void place_outputs() {
    int number = 0;
    for (const ValueId fetch : graph_.fetches()) {
      const OwnerId owner = liveness_.owner(fetch);
      const PlanValue& value = graph_.value(fetch);
      PlanOutput output{.dtype = value.dtype, .shape = value.shape};
      const bool own = !value.constant && liveness_.in_arena(owner) && slots_[owner] < 0;
      if (own) slots_[owner] = add_slot(slot_in(owner, Slot::Place::kOutput, number));
      output.copied = !own;
      output.slot = slot_of(fetch, kHostMemory);
      output.memory = slot(output.slot).memory;
      if (output.memory != kHost) nth(plan_.uses_device, output.memory) = true;
      plan_.outputs.push_back(std::move(output));
      ++number;
    }
  }

  Slot slot_in(OwnerId owner, Slot::Place place, int index = 0) const {
    return {.place = place,
            .memory = graph_.value(PlanGraph::made_in(owner)).memory.number(),
            .index = index};
  }

  // Where a value lies; what is known is kept in that memory.
  int slot_of(ValueId value, MemoryId memory) {
    if (graph_.value(value).constant) return constant_slot(value, memory);
    const OwnerId id = liveness_.owner(value);
    if (slots_[id] >= 0) return slots_[id];
    const Owner owner = graph_.owner(PlanGraph::made_in(id));
    if (owner.is_known) return constant_slot(PlanGraph::made_in(id), memory);
    return slots_[id] = new_slot(owner);
  }

  int new_slot(const Owner& owner) {
    const ValueId made = PlanGraph::made_in(owner.id);
    if (owner.feed >= 0) return add_slot(slot_in(owner.id, Slot::Place::kFeed, owner.feed));
    if (owner.variable.exists()) {
      return add_slot(slot_in(owner.id, Slot::Place::kVariable, owner.variable.number()));
    }
    if (owner.producer.exists() && graph_.op(owner.producer).kind == StepKind::kBodies) {
      return add_slot(slot_in(owner.id, Slot::Place::kMade, plan_.made_count++));
    }
    if (owner.is_string) {
      plan_.string_tensors.push_back(graph_.stored(made));
      const int index = last_index(plan_.string_tensors);
      return add_slot(slot_in(owner.id, Slot::Place::kStrings, index));
    }
    const int index = add_slot(slot_in(owner.id, Slot::Place::kArena));
    const Liveness::Life& life = liveness_.life(owner.id);
    add_live(owner.memory,
             {.bytes = graph_.bytes_of(made),
              .first = std::max(0, life.first),
              .last = std::max(life.first, life.last)},
             index);
    return index;
  }

  int constant_slot(ValueId value, MemoryId memory) {
    const auto [at, added] = constant_slots_.try_emplace({value, memory}, kNoSlot);
    if (!added) return at->second;
    plan_.constants.push_back(in_memory(graph_.value(value).constant, memory));
    const int index = last_index(plan_.constants);
    return at->second = add_slot(
               {.place = Slot::Place::kConstant, .memory = memory.number(), .index = index});
  }

  Tensor in_memory(const Tensor& constant, MemoryId memory) const {
    if (memory == kHostMemory || constant.dtype() == DType::string) return constant;
    Device& device = environment_.device_at(DeviceId(memory.index()));
    Tensor copy = allocate_tensor(device, constant.dtype(), constant.shape());
    const std::unique_ptr<Queue> queue = device.make_queue();
    device.copy(copy.raw(), constant.raw(), constant.bytes(), *queue);
    device.wait(*queue);
    return copy;
  }

  void add_live(MemoryId memory, const LiveTensor& tensor, int slot) {
    live_[memory].tensors.push_back(tensor);
    live_[memory].slots.push_back(slot);
  }

  void place_step(size_t index) {
    const PlanOp& op = graph_.op(steps_[index]);
    Step& step = plan_.steps[index];
    const MemoryId memory = environment_.memory_of(op.device);
    plan_.uses_device[op.device.index()] = true;
    for (size_t i = 0; i < op.inputs().size(); ++i) {
      const bool on_host = contains(op.host_inputs, i);
      step.inputs.push_back(
          reads_memory(op, i) ? slot_of(op.input(i), on_host ? kHostMemory : memory) : kNoSlot);
    }
    for (const ValueId output : made_by(graph_, op)) {
      step.outputs.push_back(slot_of(output, memory));
      step.made.push_back({graph_.value(output).dtype, graph_.value(output).shape});
    }
    if (step.kernel.workspace_bytes > 0) {
      const int at = static_cast<int>(index);
      add_live(memory, {.bytes = step.kernel.workspace_bytes, .first = at, .last = at}, -1 - at);
    }
    plan_.most_inputs = std::max(plan_.most_inputs, step.inputs.size());
    plan_.most_outputs = std::max(plan_.most_outputs, step.outputs.size());
  }

  void lay_out_arenas() {
    for (size_t memory = 0; memory < live_.size(); ++memory) {
      Live& live = live_[MemoryId(memory)];
      plan_.arenas[memory] = lay_out(live.tensors);
      for (size_t i = 0; i < live.tensors.size(); ++i) {
        const size_t offset = live.tensors[i].offset;
        if (live.slots[i] >= 0) {
          slot(live.slots[i]).offset = offset;
        } else {
          nth(plan_.steps, -1 - live.slots[i]).workspace_offset = offset;
        }
      }
    }
  }

  const PlanGraph& graph_;
  const PlanEnvironment& environment_;
  Plan& plan_;
  const std::vector<OpId> steps_;
  const Liveness liveness_;
  IdVector<OwnerId, int> slots_;
  std::map<std::pair<ValueId, MemoryId>, int> constant_slots_;
  IdVector<MemoryId, Live> live_;
};

}  // namespace

void place_in_memory(const PlanGraph& graph, const PlanEnvironment& environment, Plan& plan) {
  SlotMaker(graph, environment, plan).run();
}

}  // namespace tenon::internal
