// Bind: prepares the kernel of every step.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/backend/groups.h"
#include "core/backend/tiles.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/plan/passes.h"
#include "core/plan/plan.h"
#include "core/plan/seeds.h"
#include "core/tensor/byte_count.h"

namespace tenon::internal {
namespace {

// An operation without any element to compute, and without an effect.
bool is_empty(const PlanGraph& graph, const PlanOp& op) {
  if (op.kind != StepKind::kElementwise) return false;
  const ValueId result = op.writes.empty() ? op.output() : op.input(op.written_inputs[0]);
  return graph.value(result).shape.element_count() == 0;
}

// Kernels count with sizes: what no memory would hold, were no size of it zero, is refused before
// they do. Throws ResourceExhaustedError.
void check_countable(const TensorSpec& spec) {
  if (!spec.shape.fully_defined()) return;  // of a variable that has no value yet
  std::vector<int64_t> sizes(spec.shape.sizes().begin(), spec.shape.sizes().end());
  std::replace(sizes.begin(), sizes.end(), int64_t{0}, int64_t{1});
  byte_count(spec.dtype, Shape(sizes));
}

// A handle stands for its variable.
TensorSpec spec_of(const PlanGraph& graph, ValueId id, const PlanEnvironment& environment) {
  const PlanValue& value = graph.value(id);
  const bool is_handle = value.dtype == DType::resource && value.variable().exists();
  if (!is_handle) return {value.dtype, value.shape};
  const Node& variable = *graph.variable(value.variable()).node;
  return {variable.attrs.get<DType>("dtype"),
          environment.variable_shape(variable).value_or(variable.attrs.get<Shape>("shape"))};
}

// The name under which an operation's kernel is registered.
std::string_view kernel_of(const PlanOp& op) {
  if (op.tiles != nullptr) return kTilesOp;
  if (op.group != nullptr) return kGroupOp;
  return op.program != nullptr ? kElementwiseOp : op.node->type();
}

class Binder {
 public:
  Binder(const PlanGraph& graph, const PlanEnvironment& environment)
      : graph_(graph), environment_(environment), users_(graph.value_count()) {
    find_users();
  }

  // Of the feeds, by number.
  std::vector<bool> needed_feeds() const {
    std::vector<bool> needed;
    for (size_t i = 0; i < graph_.value_count(); ++i) {
      const int feed = graph_.value(ValueId(i)).feed();
      if (feed < 0) continue;
      if (std::ssize(needed) <= feed) needed.resize(static_cast<size_t>(feed) + 1);
      needed[static_cast<size_t>(feed)] = users_[ValueId(i)].needs_value;
    }
    return needed;
  }

  Step step_of(const PlanOp& op) const {
    Step step;
    step.kind = op.kind;
    step.node = op.node;
    step.device = op.device.number();
    step.peer = op.peer.number();
    step.event = op.event;
    switch (op.kind) {
      case StepKind::kAssign:
        step.variable = op.writes[0].number();
        step.value = graph_.stored(op.input(1));
        break;
      case StepKind::kIsInitialized:
        step.variable = op.reads[0].number();
        break;
      case StepKind::kInitializedValue:
        step.variable = op.reads[0].number();
        step.value = graph_.stored(op.output());
        step.initial = graph_.value(op.input(1)).shape;
        break;
      case StepKind::kBodies:
        step.flow = flow_step(op);
        break;
      case StepKind::kCopy:
        step.value = graph_.stored(op.output());
        break;
      case StepKind::kSend:
      case StepKind::kReceive:
        step.value = graph_.stored(op.input(0));
        break;
      default:
        prepare(op, step);
    }
    return step;
  }

 private:
  struct Users {
    bool any = false;
    bool needs_value = false;  // bodies may do without
  };

  // A value's users, and those of the values whose memory is its.
  void find_users() {
    const auto add = [&](ValueId value, bool needs_value) {
      users_[value].any = true;
      users_[value].needs_value |= needs_value;
    };
    for (const OpId id : graph_.ops()) {
      const PlanOp& op = graph_.op(id);
      const bool needs_value = op.kind != StepKind::kBodies && op.kind != StepKind::kNothing;
      for (const ValueId input : op.inputs()) {
        add(PlanGraph::made_in(graph_.owner_id(input)), needs_value);
      }
    }
    for (const ValueId fetch : graph_.fetches()) {
      add(PlanGraph::made_in(graph_.owner_id(fetch)), false);
    }
  }

  std::shared_ptr<const FlowStep> flow_step(const PlanOp& op) const {
    FlowStep flow{.repeats = op.def().action == PlanAction::kLoop};
    for (size_t i = 0; i < op.outputs().size(); ++i) {
      flow.wanted.push_back(users_[op.output(i)].any);
      flow.needed.push_back(users_[op.output(i)].needs_value);
    }
    for (const ValueId input : op.inputs())
      flow.taken.push_back(spec_of(graph_, input, environment_));
    if (owns_bodies(*op.node)) {
      flow.variables = op.node->flow->variables;
      flow.bodies = body_calls(*op.node, {.wanted = flow.wanted, .fed = op.use.fed});
    }
    return std::make_shared<const FlowStep>(std::move(flow));
  }

  void prepare(const PlanOp& op, Step& step) const {
    KernelRequest request = request_of(graph_, op, environment_);
    AttrMap seeded;
    if (op.node->attrs.has("seed2")) {
      seeded = with_seeds(*op.node, environment_);
      request.attrs = &seeded;
    }
    for (const TensorSpec& spec : request.inputs) check_countable(spec);
    for (const TensorSpec& spec : request.outputs) check_countable(spec);
    if (op.program != nullptr) step.fused = op.program->to_string();
    if (op.tiles != nullptr) step.fused = op.tiles->to_string();
    if (op.group != nullptr) step.fused = op.group->to_string();
    try {
      step.kernel = request.device->prepare(request, op.node->main_dtype());
    } catch (Error& error) {
      error.add_context(" in " + described(*op.node));
      throw;
    }
  }

  const PlanGraph& graph_;
  const PlanEnvironment& environment_;
  IdVector<ValueId, Users> users_;
};

}  // namespace

bool is_step(const PlanGraph& graph, const PlanOp& op) {
  return op.kind != StepKind::kNothing && !is_empty(graph, op);
}

std::vector<OpId> steps_of(const PlanGraph& graph) {
  std::vector<OpId> steps;
  for (const OpId id : graph.ops()) {
    const PlanOp& op = graph.op(id);
    if (is_step(graph, op)) steps.push_back(id);
  }
  return steps;
}

const KernelRegistration* registration_of(const PlanOp& op, const PlanEnvironment& environment) {
  if (op.kind != StepKind::kKernel && op.kind != StepKind::kElementwise) return nullptr;
  return environment.device_at(op.device).kernels().find(kernel_of(op), op.node->main_dtype());
}

KernelRequest request_of(const PlanGraph& graph, const PlanOp& op,
                         const PlanEnvironment& environment) {
  KernelRequest request{.op = kernel_of(op),
                        .attrs = &op.node->attrs,
                        .epilogue = op.epilogue,
                        .program = op.program.get(),
                        .tiles = op.tiles.get(),
                        .group = op.group.get(),
                        .device = &environment.device_at(op.device)};
  for (const ValueId input : op.inputs()) {
    request.inputs.push_back(spec_of(graph, input, environment));
    request.values.push_back(graph.value(input).constant);
  }
  for (const ValueId output : made_by(graph, op)) {
    request.outputs.push_back(spec_of(graph, output, environment));
  }
  return request;
}

std::vector<ValueId> made_by(const PlanGraph& graph, const PlanOp& op) {
  std::vector<ValueId> values;
  if (op.updates_in_place()) {
    for (const int written : op.written_inputs) {
      values.push_back(op.input(written));
    }
    return values;
  }
  for (const ValueId output : op.outputs()) {
    const bool is_memory = op.written_inputs.empty() && !op.moves();
    if (is_memory || !graph.value(output).is_alias()) values.push_back(output);
  }
  return values;
}

void bind(const PlanGraph& graph, const PlanEnvironment& environment, Plan& plan) {
  plan.devices = environment.devices();
  plan.event_count = graph.events;
  const Binder binder(graph, environment);
  plan.needed_feeds = binder.needed_feeds();
  for (const OpId id : steps_of(graph)) plan.steps.push_back(binder.step_of(graph.op(id)));
}

}  // namespace tenon::internal
