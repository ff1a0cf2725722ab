// Steps that run bodies, or functions of the host.
#include <exception>
#include <utility>

#include "core/base/check.h"
#include "core/graph/host_call.h"
#include "core/session/executor.h"
#include "core/tensor/buffer.h"
#include "core/tensor/byte_count.h"

namespace tenon::internal {
namespace {

class StepOnHost final : public HostCall {
 public:
  StepOnHost(const Node& node, KeptThings& of_run, KeptThings& of_session,
             const SessionDevices& devices, const RunOptions& options,
             std::vector<TakenValue> inputs)
      : HostCall(node, of_run, of_session),
        devices_(devices),
        options_(options),
        inputs_(std::move(inputs)) {}

  size_t inputs() const override { return inputs_.size(); }
  Tensor input(size_t number) const override {
    require<FailedPreconditionError>(static_cast<bool>(inputs_[number].value),
                                     ErrorKind::not_computed, "Input ", number,
                                     " has no value: a branch wasn't taken that makes it");
    return on_host(inputs_[number].value);
  }
  Tensor lasting_input(size_t number) const override {
    const TakenValue& taken = inputs_[number];
    const Tensor value = input(number);
    const bool is_copy = devices_.memory_holding(taken.value) != kHost;
    return kept({value, is_copy || taken.is_kept}, devices_);
  }
  Tensor kept_input(size_t number) const override { return kept(inputs_[number], devices_); }
  Tensor on_host(const Tensor& kept) const override {
    return devices_.memory_holding(kept) == kHost ? kept : devices_.copy_to_host(kept, options_);
  }

 private:
  const SessionDevices& devices_;
  const RunOptions& options_;
  const std::vector<TakenValue> inputs_;
};

// What it throws that is no Error becomes one.
std::vector<Tensor> called(HostFunction function, HostCall& call) {
  try {
    return function(call);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    fail<RuntimeError>(ErrorKind::function_failed, "The function threw: ", error.what());
  } catch (...) {
    fail<RuntimeError>(ErrorKind::function_failed, "The function threw what is no std::exception");
  }
}

}  // namespace

void Executor::run_bodies(const Step& step) {
  std::vector<TakenValue> inputs;
  for (size_t i = 0; i < step.inputs.size(); ++i) {
    inputs.push_back(taken_from(step.inputs[i], step.flow->taken[i]));
  }
  queues_.settle();
  std::vector<Tensor> outputs;
  if (const HostFunction function = step.node->def->host; function != nullptr) {
    StepOnHost call(*step.node, *call_.kept, bodies_.kept(), devices_, call_.options,
                    std::move(inputs));
    outputs = called(function, call);
  } else {
    outputs = BodyStep(step, devices_, bodies_, call_, std::move(inputs)).run();
  }
  queues_.settle();
  for (size_t i = 0; i < outputs.size(); ++i) keep_made(step, i, std::move(outputs[i]));
  // Bodies may have given variables other memory.
  for (const BoundVariable& variable : executable_.variables) {
    if (variable.access != Access::kWrite) continue;
    ++variable.storage->version;
    for (const int slot : variable.slots) {
      context_.pointers[static_cast<size_t>(slot)] = variable.storage->value.raw();
    }
  }
}

// What lies in a slot, as a tensor.
TakenValue Executor::taken_from(int slot, const TensorSpec& spec) const {
  if (slot < 0) return {};
  const Slot& of = plan_.slots[static_cast<size_t>(slot)];
  const auto index = static_cast<size_t>(of.index);
  const auto shaped = [&](const Tensor& tensor) {
    const bool differs = tensor && spec.shape.fully_defined() && tensor.shape() != spec.shape;
    return differs ? tensor.reshaped(spec.shape) : tensor;
  };
  if (of.place == Slot::Place::kMade) return {shaped(context_.made[index]), true};
  if (of.place == Slot::Place::kConstant) return {shaped(plan_.constants[index]), true};
  if (of.place == Slot::Place::kFeed) return {shaped(call_.feeds[index]), false};
  const std::string* device = host_device();
  if (of.memory != kHost) {
    device = intern_device(plan_.devices[static_cast<size_t>(of.memory)]->name());
  }
  auto buffer = std::make_shared<Tensor::Buffer>(pointer(slot), byte_count(spec.dtype, spec.shape),
                                                 device, std::function<void()>());
  return {Tensor(spec.dtype, spec.shape, std::move(buffer), 0), false};
}

// Keeps what bodies made in the memory where the plan has it.
void Executor::keep_made(const Step& step, size_t output, Tensor value) {
  if (!step.flow->wanted[output]) return;
  const FlowStep& flow = *step.flow;
  require<FailedPreconditionError>(value || !flow.needed[output], ErrorKind::not_computed,
                                   "Output ", output,
                                   " has no value: the branch wasn't taken that ", "makes it");
  // What comes behind was planned for this.
  const TensorSpec& planned = step.made[output];
  const bool is_list = value && value.dtype() == DType::resource;
  require(!value || is_list ||
              (value.dtype() == planned.dtype && planned.shape.compatible_with(value.shape())),
          ErrorKind::shape_incompatible, "Output ", output, " is ", value.dtype(), value.shape(),
          ", but the graph says ", planned.dtype, planned.shape);
  const int memory = device_of(step).host_memory() ? kHost : step.device;
  if (value && !is_list && devices_.memory_holding(value) != memory) {
    value = memory == kHost ? devices_.copy_to_host(value, call_.options)
                            : copied_to_device(step, value);
  }
  const auto slot = static_cast<size_t>(step.outputs[output]);
  context_.pointers[slot] = value.raw();
  context_.made[static_cast<size_t>(plan_.slots[slot].index)] = std::move(value);
}

Tensor Executor::copied_to_device(const Step& step, const Tensor& value) const {
  Tensor copy =
      devices_.make_tensor(static_cast<size_t>(step.device), value.dtype(), value.shape());
  device_of(step).copy(copy.raw(), value.raw(), value.bytes(), queue_of(step));
  device_of(step).wait(queue_of(step));  // the value goes
  return copy;
}

}  // namespace tenon::internal
