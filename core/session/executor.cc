// The executor: a loop over prepared kernels on prepared memory.
#include <cstring>

#include "core/base/strings.h"
#include "core/session/session_state.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {
namespace {

void copy_elements(void* to, const void* from, const Shape& shape, DType dtype) {
  const auto count = static_cast<size_t>(shape.element_count());
  if (to == from || count == 0) return;
  if (dtype == DType::string) {
    const auto* strings = static_cast<const std::string*>(from);
    std::copy(strings, strings + count, static_cast<std::string*>(to));
  } else {
    std::memcpy(to, from, count * size_of(dtype));
  }
}

// One run. The arena goes back when it ends, however it ends.
class Run {
 public:
  Run(PreparedRun& prepared, std::span<const Tensor> feeds, std::span<Tensor> outputs)
      : prepared_(prepared), plan_(*prepared.plan), outputs_(outputs), arena_(plan_.lease()) {
    for (size_t i = 0; i < plan_.slots.size(); ++i) {
      const Slot& slot = plan_.slots[i];
      const auto index = static_cast<size_t>(slot.index);
      if (slot.place == Slot::Place::kFeed) {
        arena_->pointers[i] = feeds[index].raw();
      } else if (slot.place == Slot::Place::kVariable) {
        arena_->pointers[i] = prepared.variables[index]->value.raw();
      }
    }
  }
  ~Run() { plan_.give_back(std::move(arena_)); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void execute() {
    make_outputs();
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      const Step& step = plan_.steps[i];
      try {
        run_step(step, prepared_.streams[i]);
      } catch (const Error&) {
        rethrow_in(*step.node);
      }
    }
    hand_out();
  }

 private:
  void* pointer(int slot) const {
    return slot < 0 ? nullptr : arena_->pointers[static_cast<size_t>(slot)];
  }

  // Results are made in tensors that the run alone knows, and handed out when all went well.
  void make_outputs() {
    for (size_t i = 0; i < plan_.outputs.size(); ++i) {
      const PlanOutput& output = plan_.outputs[i];
      Tensor& result = arena_->outputs[i];
      result = outputs_[i] ? outputs_[i] : uninitialized_tensor(output.dtype, output.shape);
      if (!output.copied) arena_->pointers[static_cast<size_t>(output.slot)] = result.raw();
    }
  }

  void hand_out() {
    for (size_t i = 0; i < plan_.outputs.size(); ++i) {
      const PlanOutput& output = plan_.outputs[i];
      Tensor& result = arena_->outputs[i];
      if (output.copied) {
        copy_elements(result.raw(), pointer(output.slot), output.shape, output.dtype);
      }
      outputs_[i] = std::move(result);
    }
  }

  void run_step(const Step& step, RandomStream* stream) {
    switch (step.kind) {
      case StepKind::kAssign:
        return assign(step);
      case StepKind::kIsInitialized:
        *static_cast<bool*>(pointer(step.outputs[0])) =
            prepared_.variables[static_cast<size_t>(step.variable)]->initialized();
        return;
      case StepKind::kInitializedValue: {
        const size_t from =
            prepared_.variables[static_cast<size_t>(step.variable)]->initialized() ? 0 : 1;
        const Slot& slot = plan_.slots[static_cast<size_t>(step.outputs[0])];
        copy_elements(pointer(step.outputs[0]), pointer(step.inputs[from]), slot.shape, slot.dtype);
        return;
      }
      case StepKind::kCopy: {
        const Slot& slot = plan_.slots[static_cast<size_t>(step.outputs[0])];
        copy_elements(pointer(step.outputs[0]), pointer(step.inputs[0]), slot.shape, slot.dtype);
        return;
      }
      default:
        launch(step, stream);
    }
  }

  void launch(const Step& step, RandomStream* stream) {
    for (size_t i = 0; i < step.inputs.size(); ++i) arena_->arguments[i] = pointer(step.inputs[i]);
    for (size_t i = 0; i < step.outputs.size(); ++i) arena_->results[i] = pointer(step.outputs[i]);
    Launch launch{.inputs = arena_->arguments.data(),
                  .outputs = arena_->results.data(),
                  .workspace = static_cast<char*>(arena_->memory.get()) + step.workspace_offset,
                  .queue = arena_->queue.get()};
    if (stream != nullptr) {
      launch.random_blocks_drawn = stream->blocks_drawn.fetch_add(step.kernel.random_blocks);
    }
    step.kernel.launch(launch);
  }

  void assign(const Step& step) {
    const auto index = static_cast<size_t>(step.variable);
    VariableStorage& variable = *prepared_.variables[index];
    const Slot& from = plan_.slots[static_cast<size_t>(step.inputs[1])];
    const void* value = pointer(step.inputs[1]);
    variable.reserve(from.dtype, step.shape);
    for (const int slot : prepared_.variable_slots[index]) {
      arena_->pointers[static_cast<size_t>(slot)] = variable.value.raw();
    }
    copy_elements(variable.value.raw(), value, step.shape, from.dtype);
  }

  PreparedRun& prepared_;
  const Plan& plan_;
  std::span<Tensor> outputs_;
  std::unique_ptr<Arena> arena_;
};

template <typename E>
[[noreturn]] void throw_extended(const E& error, const Node& node) {
  throw E(error.kind(), str(error.what(), "\n  in ", described(node)));
}

}  // namespace

void rethrow_in(const Node& node) {
  try {
    throw;
  } catch (const InvalidArgumentError& error) {
    throw_extended(error, node);
  } catch (const OutOfRangeError& error) {
    throw_extended(error, node);
  } catch (const ResourceExhaustedError& error) {
    throw_extended(error, node);
  } catch (const FailedPreconditionError& error) {
    throw_extended(error, node);
  } catch (const ValueError& error) {
    throw_extended(error, node);
  }
}

void execute(PreparedRun& prepared, std::span<const Tensor> feeds, std::span<Tensor> outputs) {
  Run(prepared, feeds, outputs).execute();
}

}  // namespace tenon::internal
