// Transfer: gives every operation its device and every value its memory, and sends the values that
// are used in another device's memory: each once a device, however many operations use it there.
//
// A kernel that wants an input in host memory is one that uses it there.
//
// Operations that only pass memory on need none of their own: what they give lies where their input
// does, and is sent from there.
#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "core/plan/bodies.h"
#include "core/plan/passes.h"
#include "core/plan/write_order.h"

namespace tenon::internal {
namespace {

class Transferrer {
 public:
  Transferrer(PlanGraph& plan, const PlanEnvironment& environment, bool keep_on_device)
      : plan_(plan), environment_(environment), keep_on_device_(keep_on_device) {}

  void run() {
    const std::vector<OpId> ops(plan_.ops().begin(), plan_.ops().end());  // others are added
    for (const OpId id : ops) set_places(plan_.op(id));
    for (const OpId id : ops) {
      if (plan_.op(id).kind != StepKind::kNothing) bring_inputs(id);
    }
    for (size_t i = 0; i < plan_.fetches().size(); ++i) bring_fetch(i);
  }

 private:
  void set_places(PlanOp& op) {
    op.device = device_of(op);
    op.host_inputs = host_inputs_of(op);
    for (const ValueId output : op.outputs()) {
      PlanValue& value = plan_.value(output);
      value.memory =
          value.is_alias() ? plan_.owner(output).memory : environment_.memory_of(op.device);
    }
  }

  DeviceId device_of(const PlanOp& op) const {
    // The host knows which variables have a value.
    if (op.kind == StepKind::kIsInitialized) return kHostDevice;
    // What bodies hand out is sent as what it was planned to be.
    if (op.kind == StepKind::kBodies && !has_known_shapes(op)) return kHostDevice;
    if (op.kind == StepKind::kInitializedValue) {
      return environment_.placed(*plan_.variable(op.reads[0]).node);
    }
    return environment_.placed(*op.node);
  }

  bool has_known_shapes(const PlanOp& op) const {
    for (size_t i = 0; i < op.outputs().size(); ++i) {
      const bool is_wanted = !owns_bodies(*op.node) || op.use.wanted[i];
      if (is_wanted && !plan_.value(op.output(i)).shape.fully_defined()) return false;
    }
    return true;
  }

  std::vector<int> host_inputs_of(const PlanOp& op) const {
    if (op.kind != StepKind::kKernel || environment_.memory_of(op.device) == kHostMemory) return {};
    const KernelRegistration* const found = registration_of(op, environment_);
    return found == nullptr ? std::vector<int>() : found->host_inputs;
  }

  // Whether a value lies in one memory. What is known is kept wherever it is used, and what nobody
  // computes has no memory.
  bool is_placed(ValueId value) const {
    const Owner owner = plan_.owner(value);
    if (plan_.value(value).constant || owner.is_known || owner.is_string) return false;
    const bool is_list = plan_.value(value).dtype == DType::resource && !owner.variable.exists();
    if (is_list) return false;  // its tensors lie where they were made
    return owner.feed >= 0 || owner.variable.exists() ||
           (owner.producer.exists() && !plan_.op(owner.producer).only_orders);
  }

  void bring_inputs(OpId id) {
    for (size_t i = 0; i < plan_.op(id).inputs().size(); ++i) {
      const bool on_host = contains(plan_.op(id).host_inputs, i);
      const DeviceId device = on_host ? kHostDevice : plan_.op(id).device;
      const ValueId value = plan_.op(id).input(i);
      if (!reads_memory(plan_.op(id), i) || !is_placed(value)) continue;
      if (plan_.passes_as_it_is(plan_.op(id), value)) continue;
      if (plan_.owner(value).memory == environment_.memory_of(device)) continue;
      plan_.replace_input(id, i, received_by(device, value, id));
      // Who passed the value on may itself wait for something.
      if (plan_.value(value).is_alias()) plan_.add_control(id, plan_.value(value).producer());
      drop_read(plan_.op(id), plan_.value(value).variable());
    }
  }

  void drop_read(PlanOp& op, VariableId variable) const {
    const bool reads = std::any_of(op.inputs().begin(), op.inputs().end(), [&](ValueId input) {
      return plan_.value(input).variable() == variable;
    });
    if (variable.exists() && !reads) std::erase(op.reads, variable);
  }

  // Results are handed out in host memory, unless they are to stay where they are. A fetched
  // variable is copied when it is read: it must not change any more when the run goes on, nor after
  // it.
  void bring_fetch(size_t i) {
    const ValueId fetch = plan_.fetches()[i];
    const Owner owner = plan_.owner(fetch);
    if (is_placed(fetch) && owner.memory != kHostMemory && !keep_on_device_) {
      const OpId producer = plan_.value(fetch).producer();
      plan_.replace_fetch(i, received_by(kHostDevice, fetch, producer));
    } else if (owner.variable.exists() && !plan_.value(fetch).constant && !owner.is_known) {
      // Strings, too, which lie in the host's memory.
      const OpId copy = plan_.insert_copy(fetch, *plan_.op(plan_.value(fetch).producer()).node);
      plan_.op(copy).reads = {owner.variable};
      plan_.replace_fetch(i, plan_.op(copy).output());
    }
  }

  // What a transfer reads, and when.
  struct Reading {
    ValueId source;
    OpId reader = {};             // of a variable that was written: who read it before the user
    std::vector<OpId> seen = {};  // where the user reads it: the writes that come before
  };

  // The value in that device's memory, for an operation that uses it. All that share memory with it
  // share the copy; of a variable, all that see it as it was before the run.
  ValueId received_by(DeviceId device, ValueId value, OpId user) {
    const Reading reading = reading_of(value, user);
    const auto [at, added] = received_.try_emplace(
        {reading.source, reading.reader, reading.seen, environment_.memory_of(device)});
    if (added) at->second = add_transfer(reading, device, user);
    const ValueId received = at->second;
    if (plan_.value(value).shape == plan_.value(received).shape) return received;
    return plan_.add_view(received, value);
  }

  Reading reading_of(ValueId value, OpId user) {
    const Owner owner = plan_.owner(value);
    Reading reading{.source = PlanGraph::made_in(owner.id)};
    if (!owner.variable.exists()) return reading;
    if (reference_behind(plan_, value).exists()) {
      reading.seen = writes().before(owner.variable, user);
      // What is fetched of a writer is read behind it.
      const bool is_made_by_user = plan_.value(value).producer() == user;
      if (is_made_by_user && contains(plan_.op(user).writes, owner.variable)) {
        reading.seen.push_back(user);
      }
      if (const ValueId written = last_written(plan_, value); written.exists()) {
        reading.source = written;
      }
      return reading;
    }
    const ValueId read = first_read(plan_, value);
    const OpId reader = read.exists() ? plan_.value(read).producer() : user;
    if (contains(plan_.op(reader).writes, owner.variable) ||
        writes().any_precedes(owner.variable, reader)) {
      if (read.exists()) reading.source = read;
      reading.reader = reader;
    }
    return reading;
  }

  // A send and a receive. From a device the send copies, so that its queue keeps the order of
  // copies and of later writes; to a device from the host, the receive does.
  ValueId add_transfer(const Reading& reading, DeviceId device, OpId user) {
    const Owner owner = plan_.owner(reading.source);
    const bool send_copies = owner.memory != kHostMemory;
    const MemoryId to = environment_.memory_of(device);
    const Node& name = name_of(reading.source, user);
    const TensorSpec spec = plan_.stored(reading.source);
    const OpId send = plan_.add_op(name, StepKind::kSend);
    plan_.add_input(send, reading.source);
    const ValueId sent = plan_.add_output(send, spec, send_copies ? to : owner.memory);
    if (!send_copies) plan_.pass_on(sent, reading.source);
    const OpId receive = plan_.add_op(name, StepKind::kReceive);
    plan_.add_input(receive, sent);
    const ValueId received = plan_.add_output(receive, spec, to);
    if (send_copies) plan_.pass_on(received, sent);
    order_transfer(reading, owner, send, send_copies ? send : receive);
    plan_.op(send).device = send_copies ? DeviceId(owner.memory.index()) : kHostDevice;
    plan_.op(receive).device = device;
    plan_.op(send).peer = device;
    plan_.op(receive).peer = plan_.op(send).device;
    plan_.op(send).event = plan_.op(receive).event = plan_.events++;
    return received;
  }

  void order_transfer(const Reading& reading, const Owner& owner, OpId send, OpId copies) {
    for (const OpId writer : reading.seen) plan_.add_control(send, writer);
    if (reading.reader.exists()) {
      for (const OpId control : plan_.op(reading.reader).controls()) {
        plan_.add_control(send, control);
      }
    } else if (owner.variable.exists()) {
      plan_.op(copies).reads = {owner.variable};
    }
  }

  // A value that is fed and fetched has nobody else's name.
  const Node& name_of(ValueId source, OpId user) const {
    const OpId producer = plan_.value(source).producer();
    if (producer.exists()) return *plan_.op(producer).node;
    return user.exists() ? *plan_.op(user).node : *plan_.fed_node(source);
  }

  // As it was before anything was sent.
  const WriteOrder& writes() {
    if (!writes_) writes_.emplace(plan_);
    return *writes_;
  }

  PlanGraph& plan_;
  const PlanEnvironment& environment_;
  const bool keep_on_device_;
  std::optional<WriteOrder> writes_;
  // By source, reader, writes seen and memory.
  std::map<std::tuple<ValueId, OpId, std::vector<OpId>, MemoryId>, ValueId> received_;
};

}  // namespace

bool reads_memory(const PlanOp& op, size_t input) {
  if (op.kind == StepKind::kIsInitialized) return false;
  // Bodies find variables by themselves, unless the run is fed instead.
  if (op.kind == StepKind::kBodies) {
    const bool is_handle = op.node->inputs[input].node->def->is_variable;
    if (!is_handle && !finds_variable_of(*op.node, input)) return true;
    return owns_bodies(*op.node) && op.use.fed[input];
  }
  if (op.kind != StepKind::kKernel || op.program != nullptr || op.tiles != nullptr) return true;
  return !contains(op.def().shape_only, input);
}

void transfer(PlanGraph& plan, const PlanEnvironment& environment, bool keep_on_device) {
  Transferrer(plan, environment, keep_on_device).run();
}

}  // namespace tenon::internal
