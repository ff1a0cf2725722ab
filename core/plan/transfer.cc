// Transfer: gives every operation its device and every value its memory, and sends the values that
// are used in another device's memory: each once a device, however many operations use it there.
//
// A kernel that wants an input in host memory is one that uses it there.
//
// Operations that only pass memory on need none of their own: what they give lies where their input
// does, and is sent from there.
#include <algorithm>
#include <map>
#include <tuple>

#include "core/plan/plan_graph.h"

namespace tenon::internal {
namespace {

class Transferrer {
 public:
  Transferrer(PlanGraph& plan, const PlanEnvironment& environment, bool keep_on_device)
      : plan_(plan), environment_(environment), keep_on_device_(keep_on_device) {}

  void run() {
    for (size_t i = 0; i < plan_.ops.size(); ++i) set_places(plan_.ops[i]);
    const size_t count = plan_.ops.size();  // sends and receives are added behind
    for (size_t i = 0; i < count; ++i) {
      if (plan_.ops[i].runs() && plan_.ops[i].kind != StepKind::kNothing) {
        bring_inputs(static_cast<int>(i));
      }
    }
    for (int& fetch : plan_.fetches) bring_fetch(fetch);
  }

 private:
  int memory_of(int device) const { return environment_.memory_of(device); }

  const Node& variable(int index) const {
    return *plan_.variables[static_cast<size_t>(index)].node;
  }

  void set_places(PlanOp& op) {
    if (op.need == Need::kNone) return;
    op.device = device_of(op);
    op.host_inputs = host_inputs_of(op);
    for (const int output : op.outputs) {
      PlanValue& value = plan_.value(output);
      const int owner = plan_.root(output);
      value.memory = owner != output ? plan_.value(owner).memory : memory_of(op.device);
    }
  }

  int device_of(const PlanOp& op) const {
    // The host knows which variables have a value.
    if (op.kind == StepKind::kIsInitialized) return kHost;
    if (op.kind == StepKind::kInitializedValue) {
      return environment_.device_of(variable(op.reads[0]));
    }
    return environment_.device_of(*op.node);
  }

  std::vector<int> host_inputs_of(const PlanOp& op) const {
    if (op.kind != StepKind::kKernel || memory_of(op.device) == kHost) return {};
    const Device& device = *environment_.devices()[static_cast<size_t>(op.device)];
    const KernelRegistration* found = device.kernels().find(op.node->type(), op.node->main_dtype());
    return found == nullptr ? std::vector<int>() : found->host_inputs;
  }

  // Whether a value lies in one memory. What is known is kept wherever it is used, and what nobody
  // computes has no memory.
  bool is_placed(int value) const {
    const PlanValue& owner = plan_.value(plan_.root(value));
    if (plan_.value(value).constant || owner.constant || owner.dtype == DType::string) return false;
    return owner.feed >= 0 || owner.variable >= 0 ||
           (owner.producer >= 0 && plan_.op(owner.producer).runs());
  }

  void bring_inputs(int index) {
    for (size_t i = 0; i < plan_.op(index).inputs.size(); ++i) {
      const bool on_host = contains(plan_.op(index).host_inputs, static_cast<int>(i));
      const int device = on_host ? kHost : plan_.op(index).device, memory = memory_of(device);
      const int value = plan_.op(index).inputs[i];
      if (!reads_memory(plan_.op(index), i) || !is_placed(value)) continue;
      if (plan_.value(plan_.root(value)).memory == memory) continue;
      const int received = received_by(device, value, index);
      PlanOp& op = plan_.op(index);
      op.inputs[i] = received;
      // Who passed the value on may itself wait for something.
      if (plan_.value(value).alias_of >= 0) op.controls.push_back(plan_.value(value).producer);
      drop_read(op, plan_.value(value).variable);
    }
  }

  void drop_read(PlanOp& op, int variable) const {
    const bool reads = std::any_of(op.inputs.begin(), op.inputs.end(), [&](int input) {
      return plan_.value(input).variable == variable;
    });
    if (variable >= 0 && !reads) std::erase(op.reads, variable);
  }

  // Results are handed out in host memory, unless they are to stay where they are. A fetched
  // variable is copied when it is read: it must not change any more when the run goes on, nor after
  // it.
  void bring_fetch(int& fetch) {
    const int owner = plan_.root(fetch);
    const int variable = plan_.value(owner).variable;
    if (is_placed(fetch) && plan_.value(owner).memory != kHost && !keep_on_device_) {
      const int producer = plan_.value(fetch).producer;
      fetch = received_by(kHost, fetch, producer);
    } else if (variable >= 0 && !plan_.value(fetch).constant && !plan_.value(owner).constant) {
      fetch = add_copy(fetch, variable);  // strings, too, which lie in the host's memory
    }
  }

  int add_copy(int value, int variable) {
    PlanOp copy;
    copy.node = plan_.op(plan_.value(value).producer).node;
    copy.kind = StepKind::kCopy;
    copy.need = Need::kRun;
    copy.inputs = {value};
    copy.reads = {variable};
    copy.device = plan_.value(plan_.root(value)).memory;
    copy.outputs = {add_value(value, static_cast<int>(plan_.ops.size()), copy.device)};
    plan_.ops.push_back(std::move(copy));
    return plan_.ops.back().outputs[0];
  }

  // A value like another one. A handle stands for its variable's value.
  int add_value(int like, int producer, int memory, int alias_of = -1) {
    const PlanValue& model = plan_.value(like);
    PlanValue value{.dtype = model.dtype,
                    .shape = model.shape,
                    .producer = producer,
                    .alias_of = alias_of,
                    .memory = memory};
    if (value.dtype == DType::resource) {
      value.dtype = variable(plan_.value(plan_.root(like)).variable).attrs.get<DType>("dtype");
    }
    plan_.values.push_back(std::move(value));
    return static_cast<int>(plan_.values.size()) - 1;
  }

  // The value in that device's memory, for an operation that uses it. All that share memory with it
  // share the copy; of a variable, all that see it as it was before the run.
  int received_by(int device, int value, int user) {
    const int owner = plan_.root(value), variable = plan_.value(owner).variable;
    int source = owner, reader = -1;
    if (variable >= 0) {
      const int passes_on = next_to_owner(value);
      reader = passes_on == owner ? user : plan_.value(passes_on).producer;
      const bool writes = contains(plan_.op(reader).writes, variable);
      if (writes || writes_before(variable)[static_cast<size_t>(reader)]) {
        source = passes_on;
      } else {
        reader = -1;
      }
    }
    const auto [at, added] = received_.try_emplace({source, reader, memory_of(device)}, -1);
    if (added) at->second = add_transfer(source, device, reader, user);
    const int received = at->second;
    if (plan_.value(value).shape == plan_.value(received).shape) return received;
    return add_value(value, plan_.value(received).producer, memory_of(device), received);
  }

  // The value that a variable's memory was first passed on as.
  int next_to_owner(int value) const {
    int next = value;
    while (plan_.value(value).alias_of >= 0) {
      next = value;
      value = plan_.value(value).alias_of;
    }
    return next;
  }

  // A send and a receive. From a device the send copies, so that its queue keeps the order of
  // copies and of later writes; to a device from the host, the receive does.
  int add_transfer(int source, int device, int reader, int user) {
    const int owner = plan_.root(source), from = plan_.value(owner).memory;
    const int producer = plan_.value(source).producer;  // none of a fed value
    const bool send_copies = from != kHost;
    PlanOp send, receive;
    // A value that is fed and fetched has nobody else's name.
    send.node = receive.node = producer >= 0 ? plan_.op(producer).node
                               : user >= 0   ? plan_.op(user).node
                                             : plan_.value(owner).fed;
    send.need = receive.need = Need::kRun;
    send.kind = StepKind::kSend;
    receive.kind = StepKind::kReceive;
    send.device = send_copies ? from : kHost;
    receive.device = device;
    if (reader >= 0) {
      send.controls = plan_.op(reader).controls;
    } else if (plan_.value(owner).variable >= 0) {
      (send_copies ? send : receive).reads = {plan_.value(owner).variable};
    }
    const int first = static_cast<int>(plan_.ops.size()), to = memory_of(device);
    send.inputs = {source};
    send.outputs = {send_copies ? add_value(source, first, to)
                                : add_value(source, first, from, source)};
    receive.inputs = send.outputs;
    receive.outputs = {send_copies ? add_value(source, first + 1, to, send.outputs[0])
                                   : add_value(source, first + 1, to)};
    const int received = receive.outputs[0];
    plan_.ops.push_back(std::move(send));
    plan_.ops.push_back(std::move(receive));
    return received;
  }

  // Of each operation, whether a write of that variable comes before it whatever the order.
  const std::vector<bool>& writes_before(int variable) {
    std::vector<bool>& after = after_write_[variable];
    if (!after.empty()) return after;
    after.resize(plan_.ops.size());
    const auto follows = [&](int op) {
      return op >= 0 && static_cast<size_t>(op) < after.size() &&
             (after[static_cast<size_t>(op)] || contains(plan_.op(op).writes, variable));
    };
    for (size_t i = 0; i < plan_.ops.size(); ++i) {
      const PlanOp& op = plan_.ops[i];
      after[i] = std::any_of(op.inputs.begin(), op.inputs.end(),
                             [&](int input) { return follows(plan_.value(input).producer); }) ||
                 std::any_of(op.controls.begin(), op.controls.end(), follows);
    }
    return after;
  }

  PlanGraph& plan_;
  const PlanEnvironment& environment_;
  const bool keep_on_device_;
  std::map<std::tuple<int, int, int>, int> received_;  // source, reader, memory -> value
  std::map<int, std::vector<bool>> after_write_;
};

}  // namespace

bool reads_memory(const PlanOp& op, size_t input) {
  if (op.kind == StepKind::kIsInitialized) return false;
  if (op.kind != StepKind::kKernel || op.program != nullptr) return true;
  return !contains(op.node->def->shape_only, static_cast<int>(input));
}

void transfer(PlanGraph& plan, const PlanEnvironment& environment, bool keep_on_device) {
  Transferrer(plan, environment, keep_on_device).run();
}

}  // namespace tenon::internal
