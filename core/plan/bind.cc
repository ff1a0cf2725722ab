// Bind: gives every tensor its place and prepares the kernel of every step.
#include <algorithm>
#include <map>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/plan/plan.h"
#include "core/tensor/buffer.h"
#include "core/tensor/byte_count.h"

namespace tenon::internal {
namespace {

class Binder {
 public:
  Binder(const PlanGraph& graph, const PlanEnvironment& environment, Plan& plan)
      : graph_(graph),
        environment_(environment),
        plan_(plan),
        slot_of_(graph.values.size(), -1),
        live_(environment.devices().size()) {
    plan.devices = environment.devices();
    plan.uses_device.resize(plan.devices.size());
    plan.arenas.resize(plan.devices.size());
  }

  void run() {
    for (const int index : graph_.order) {
      const PlanOp& op = graph_.op(index);
      if (op.runs() && op.kind != StepKind::kNothing && !is_empty(op)) steps_.push_back(index);
    }
    find_lives();
    share_memory_in_place();
    place_outputs();
    for (const int index : steps_) add_step(graph_.op(index));
    lay_out_arenas();
    find_segments(plan_);
  }

 private:
  static constexpr int kNoSlot = -1;

  // Memory that a step makes and that lives until its last use.
  struct Life {
    int first = -1, last = -1;
  };

  // An operation without any element to compute, and without an effect.
  bool is_empty(const PlanOp& op) const {
    if (op.kind == StepKind::kElementwise && !op.writes.empty()) {
      return graph_.input(op, op.written_inputs[0]).shape.element_count() == 0;
    }
    return op.kind == StepKind::kElementwise &&
           graph_.value(op.outputs[0]).shape.element_count() == 0;
  }

  size_t bytes_of(int value) const {
    const PlanValue& of = graph_.value(value);
    return byte_count(of.dtype, of.shape);
  }

  // The value that owns the memory, after sharing in place.
  int owner(int value) const {
    int at = graph_.root(value);
    while (shared_with_[static_cast<size_t>(at)] >= 0) at = shared_with_[static_cast<size_t>(at)];
    return at;
  }

  // Whether a root value lives in the arena.
  bool in_arena(int root) const {
    const PlanValue& value = graph_.value(root);
    return !value.constant && value.variable < 0 && value.feed < 0 && value.producer >= 0 &&
           value.dtype != DType::string && life_[static_cast<size_t>(root)].first >= 0;
  }

  void find_lives() {
    life_.resize(graph_.values.size());
    shared_with_.assign(graph_.values.size(), -1);
    for (size_t step = 0; step < steps_.size(); ++step) {
      const PlanOp& op = graph_.op(steps_[step]);
      const int at = static_cast<int>(step);
      for (const int output : op.outputs) {
        if (graph_.root(output) != output) continue;
        life_[static_cast<size_t>(output)] = {at, at};
      }
      for (size_t i = 0; i < op.inputs.size(); ++i) {
        if (reads_memory(op, i)) life_[static_cast<size_t>(graph_.root(op.inputs[i]))].last = at;
      }
    }
    for (const int fetch : graph_.fetches) {
      life_[static_cast<size_t>(graph_.root(fetch))].last = static_cast<int>(steps_.size());
    }
  }

  // Null for what needs no kernel.
  const KernelRegistration* registration_of(const PlanOp& op) const {
    if (op.kind != StepKind::kKernel && op.kind != StepKind::kElementwise) return nullptr;
    const Device& device = *plan_.devices[static_cast<size_t>(op.device)];
    const std::string_view name = op.program != nullptr ? kElementwiseOp : op.node->type();
    return device.kernels().find(name, op.node->main_dtype());
  }

  // A result takes the memory of an input that is used here for the last time, where the kernel may
  // overwrite it.
  void share_memory_in_place() {
    for (size_t step = 0; step < steps_.size(); ++step) {
      const PlanOp& op = graph_.op(steps_[step]);
      const KernelRegistration* const kernel = registration_of(op);
      if (kernel == nullptr || kernel->in_place.empty() || !op.writes.empty()) continue;
      const int output = op.outputs[0];
      if (!in_arena(output) || contains_root(graph_.fetches, output)) continue;
      for (size_t i = 0; i < op.inputs.size(); ++i) {
        if (!kernel->may_overwrite(static_cast<int>(i))) continue;
        const int input = op.inputs[i];
        const int from = owner(input);
        const bool dies = in_arena(from) && !contains_root(graph_.fetches, from) &&
                          life_[static_cast<size_t>(from)].last == static_cast<int>(step);
        const bool fits = bytes_of(from) == bytes_of(output) &&
                          graph_.value(from).memory == graph_.value(output).memory &&
                          graph_.value(input).shape == graph_.value(output).shape &&
                          graph_.value(input).dtype == graph_.value(output).dtype;
        if (!dies || !fits) continue;
        shared_with_[static_cast<size_t>(output)] = from;
        life_[static_cast<size_t>(from)].last = life_[static_cast<size_t>(output)].last;
        break;
      }
    }
  }

  bool contains_root(const std::vector<int>& values, int root) const {
    return std::any_of(values.begin(), values.end(),
                       [&](int value) { return graph_.root(value) == root; });
  }

  int add_slot(Slot slot, int value) {
    slot.dtype = graph_.value(value).dtype;
    slot.shape = graph_.value(value).shape;
    if (slot.place != Slot::Place::kConstant) slot.memory = graph_.value(value).memory;
    slot.bytes = slot.shape.fully_defined() ? bytes_of(value) : 0;
    plan_.slots.push_back(std::move(slot));
    return static_cast<int>(plan_.slots.size()) - 1;
  }

  // Values that are handed out are computed in the tensors handed out, where they are the plan's
  // own.
  void place_outputs() {
    for (size_t i = 0; i < graph_.fetches.size(); ++i) {
      const int fetch = graph_.fetches[i];
      const int root = owner(fetch);
      const PlanValue& value = graph_.value(fetch);
      PlanOutput output{.dtype = value.dtype, .shape = value.shape};
      const bool own = !value.constant && in_arena(root) && slot_of_[static_cast<size_t>(root)] < 0;
      if (own) {
        slot_of_[static_cast<size_t>(root)] =
            add_slot({.place = Slot::Place::kOutput, .index = static_cast<int>(i)}, root);
      }
      output.copied = !own;
      output.slot = slot_of(fetch, kHost);
      output.memory = plan_.slots[static_cast<size_t>(output.slot)].memory;
      if (output.memory != kHost) plan_.uses_device[static_cast<size_t>(output.memory)] = true;
      plan_.outputs.push_back(std::move(output));
    }
  }

  // Where a value lies; what is known is kept in that memory.
  int slot_of(int value, int memory) {
    if (graph_.value(value).constant) return constant_slot(value, memory);
    const int root = owner(value);
    const PlanValue& of = graph_.value(root);
    if (of.constant) return constant_slot(root, memory);
    int& slot = slot_of_[static_cast<size_t>(root)];
    if (slot >= 0) return slot;
    if (of.feed >= 0) {
      return slot = add_slot({.place = Slot::Place::kFeed, .index = of.feed}, root);
    }
    if (of.variable >= 0) {
      return slot = add_slot({.place = Slot::Place::kVariable, .index = of.variable}, root);
    }
    if (of.dtype == DType::string) {
      plan_.string_tensors.push_back({of.dtype, of.shape});
      const int index = static_cast<int>(plan_.string_tensors.size()) - 1;
      return slot = add_slot({.place = Slot::Place::kStrings, .index = index}, root);
    }
    slot = add_slot({.place = Slot::Place::kArena}, root);
    const Life& life = life_[static_cast<size_t>(root)];
    add_live(of.memory,
             {.bytes = bytes_of(root),
              .first = std::max(0, life.first),
              .last = std::max(life.first, life.last)},
             slot);
    return slot;
  }

  int constant_slot(int value, int memory) {
    const auto [at, added] = constant_slots_.try_emplace({value, memory}, kNoSlot);
    if (!added) return at->second;
    plan_.constants.push_back(in_memory(graph_.value(value).constant, memory));
    const int index = static_cast<int>(plan_.constants.size()) - 1;
    return at->second =
               add_slot({.place = Slot::Place::kConstant, .memory = memory, .index = index}, value);
  }

  Tensor in_memory(const Tensor& constant, int memory) const {
    if (memory == kHost || constant.dtype() == DType::string) return constant;
    Device& device = *plan_.devices[static_cast<size_t>(memory)];
    Tensor copy = allocate_tensor(device, constant.dtype(), constant.shape());
    const std::unique_ptr<Queue> queue = device.make_queue();
    device.copy(copy.raw(), constant.raw(), constant.bytes(), *queue);
    device.wait(*queue);
    return copy;
  }

  void add_live(int memory, const LiveTensor& tensor, int slot) {
    Live& live = live_[static_cast<size_t>(memory)];
    live.tensors.push_back(tensor);
    live.slots.push_back(slot);
  }

  void add_step(const PlanOp& op) {
    Step step;
    step.kind = op.kind;
    step.node = op.node;
    step.device = op.device;
    const int memory = environment_.memory_of(op.device);
    plan_.uses_device[static_cast<size_t>(op.device)] = true;
    for (size_t i = 0; i < op.inputs.size(); ++i) {
      const int wanted = contains(op.host_inputs, static_cast<int>(i)) ? kHost : memory;
      step.inputs.push_back(reads_memory(op, i) ? slot_of(op.inputs[i], wanted) : kNoSlot);
    }
    for (const int output : made_by(op)) step.outputs.push_back(slot_of(output, memory));
    check_memories(op, step);
    if (op.kind == StepKind::kAssign) {
      step.variable = op.writes[0];
      step.value = {graph_.input(op, 1).dtype, graph_.input(op, 1).shape};
    } else if (op.kind == StepKind::kIsInitialized || op.kind == StepKind::kInitializedValue) {
      step.variable = op.reads[0];
    } else if (op.kind == StepKind::kSend || op.kind == StepKind::kReceive) {
      join_peer(op, step);
    } else if (op.kind != StepKind::kCopy) {
      prepare(op, step);
    }
    step.recordable = is_recordable(op, step);
    plan_.most_inputs = std::max(plan_.most_inputs, step.inputs.size());
    plan_.most_outputs = std::max(plan_.most_outputs, step.outputs.size());
    plan_.steps.push_back(std::move(step));
  }

  // The values in whose memory a step leaves something: updates in place leave it in variables.
  std::vector<int> made_by(const PlanOp& op) const {
    std::vector<int> values;
    if (op.kind == StepKind::kElementwise && !op.writes.empty()) {
      for (const int written : op.written_inputs) {
        values.push_back(op.inputs[static_cast<size_t>(written)]);
      }
      return values;
    }
    for (const int output : op.outputs) {
      const bool passed_on = graph_.root(output) != output;
      const bool is_memory =
          op.written_inputs.empty() && op.kind != StepKind::kSend && op.kind != StepKind::kReceive;
      if (is_memory || !passed_on) values.push_back(output);
    }
    return values;
  }

  // Every step works in its own device's memory, but for what is on its way to another.
  void check_memories(const PlanOp& op, const Step& step) const {
    const auto check = [&](const std::vector<int>& slots, const std::vector<int>& on_host) {
      for (size_t i = 0; i < slots.size(); ++i) {
        if (slots[i] < 0) continue;
        const Slot* slot = &plan_.slots[static_cast<size_t>(slots[i])];
        const int memory =
            contains(on_host, static_cast<int>(i)) ? kHost : environment_.memory_of(op.device);
        if (slot->memory == memory || slot->dtype == DType::string) continue;
        fail<RuntimeError>(ErrorKind::bad_placement, described(*op.node), " runs on ",
                           plan_.devices[static_cast<size_t>(op.device)]->name(),
                           " and needs a value that lies in memory of ",
                           plan_.devices[static_cast<size_t>(slot->memory)]->name(),
                           ": a copy is missing from the plan");
      }
    };
    if (op.kind != StepKind::kReceive) check(step.inputs, op.host_inputs);
    if (op.kind != StepKind::kSend) check(step.outputs, {});
  }

  // Whether a run differs from the one before in nothing but addresses: then a device that can may
  // record it. A kernel that draws random numbers, reads the host's memory or asks for versions is
  // told something new each time.
  bool is_recordable(const PlanOp& op, const Step& step) const {
    if (environment_.memory_of(op.device) == kHost) return false;
    if (op.kind == StepKind::kCopy || op.kind == StepKind::kAssign) return true;
    const KernelRegistration* const found = registration_of(op);
    return found != nullptr && found->recordable && op.host_inputs.empty() &&
           step.kernel.random_blocks == 0 && !step.kernel.wants_versions;
  }

  // Both ends of a transfer know each other, and the event that says that the value is there.
  void join_peer(const PlanOp& op, Step& step) {
    const int message = op.kind == StepKind::kSend ? op.outputs[0] : op.inputs[0];
    const auto [at, added] = messages_.try_emplace(message, static_cast<int>(plan_.steps.size()));
    if (added) {
      step.event = plan_.event_count++;
      return;
    }
    Step& send = plan_.steps[static_cast<size_t>(at->second)];
    step.event = send.event;
    step.peer = send.device;
    send.peer = step.device;
  }

  void prepare(const PlanOp& op, Step& step) {
    KernelRequest request{.op = op.node->type(), .attrs = &op.node->attrs};
    const AttrMap seeded = with_seeds(*op.node);
    if (op.node->attrs.has("seed2")) request.attrs = &seeded;
    for (size_t i = 0; i < op.inputs.size(); ++i) {
      const PlanValue& input = graph_.input(op, static_cast<int>(i));
      request.inputs.push_back(spec_of(input));
      request.values.push_back(input.constant);
    }
    for (const int output : made_by(op)) request.outputs.push_back(spec_of(graph_.value(output)));
    request.epilogue = op.epilogue;
    Device& device = *plan_.devices[static_cast<size_t>(op.device)];
    request.device = &device;
    if (op.program != nullptr) {
      request.op = kElementwiseOp;
      request.program = op.program.get();
      step.fused = op.program->to_string();
    }
    try {
      step.kernel = device.prepare(request, op.node->main_dtype());
    } catch (Error& error) {
      error.add_context(" in " + described(*op.node));
      throw;
    }
    if (step.kernel.workspace_bytes > 0) {
      const int at = static_cast<int>(plan_.steps.size());
      add_live(environment_.memory_of(op.device),
               {.bytes = step.kernel.workspace_bytes, .first = at, .last = at}, -1 - at);
    }
  }

  // A handle stands for its variable.
  TensorSpec spec_of(const PlanValue& value) const {
    if (value.dtype != DType::resource) return {value.dtype, value.shape};
    const Node& variable = *graph_.variables[static_cast<size_t>(value.variable)].node;
    return {variable.attrs.get<DType>("dtype"),
            environment_.variable_shape(variable).value_or(variable.attrs.get<Shape>("shape"))};
  }

  // Seeds (0, 0) mean that nobody chose: then the session does.
  AttrMap with_seeds(const Node& node) const {
    AttrMap attrs;
    if (!node.attrs.has("seed2")) return attrs;
    attrs = node.attrs;
    if (attrs.get<int64_t>("seed") == 0 && attrs.get<int64_t>("seed2") == 0) {
      const auto [seed, seed2] = environment_.chosen_seeds(node);
      attrs.set("seed", seed);
      attrs.set("seed2", seed2);
    }
    return attrs;
  }

  void lay_out_arenas() {
    for (size_t memory = 0; memory < live_.size(); ++memory) {
      Live& live = live_[memory];
      plan_.arenas[memory] = lay_out(live.tensors);
      for (size_t i = 0; i < live.tensors.size(); ++i) {
        const size_t offset = live.tensors[i].offset;
        if (live.slots[i] >= 0) {
          plan_.slots[static_cast<size_t>(live.slots[i])].offset = offset;
        } else {
          plan_.steps[static_cast<size_t>(-1 - live.slots[i])].workspace_offset = offset;
        }
      }
    }
  }

  // What lives in the arena of one memory.
  struct Live {
    std::vector<LiveTensor> tensors;
    std::vector<int> slots;  // of each; -1 - step for a step's workspace
  };

  const PlanGraph& graph_;
  const PlanEnvironment& environment_;
  Plan& plan_;
  std::vector<int> steps_;  // operations
  std::vector<Life> life_;  // by value
  std::vector<int> shared_with_;
  std::vector<int> slot_of_;
  std::map<std::pair<int, int>, int> constant_slots_;  // value, memory
  std::map<int, int> messages_;                        // value -> the step that sends it
  std::vector<Live> live_;                             // by memory
};

}  // namespace

void bind(const PlanGraph& graph, const PlanEnvironment& environment, Plan& plan) {
  Binder(graph, environment, plan).run();
}

}  // namespace tenon::internal
