// Specialise: works out every shape for the shapes that are fed, and the values that follow from
// constants. Where a shape depends on a value that only the run will know, the plan is cut: what
// comes after is deferred.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/static_value.h"
#include "core/plan/bodies.h"
#include "core/plan/passes.h"
#include "core/plan/write_order.h"

namespace tenon::internal {
namespace {

constexpr int64_t kFoldedElements = 4096;  // larger results are computed when the plan runs

// What a shape function may ask while a plan is made.
class PlanShapeContext : public ShapeContext {
 public:
  PlanShapeContext(const AttrMap& attributes, Shapes shapes, std::vector<Tensor> values)
      : ShapeContext(attributes, std::move(shapes)), values_(std::move(values)) {}
  bool planning() const override { return true; }
  Tensor value(int input) const override { return nth(values_, input); }
  Shape value_as_shape(int input) const override {
    const Tensor& known = nth(values_, input);
    if (known && known.shape().rank() == 1) return to_shape(known);
    const Shape& shape = nth(inputs, input);
    if (known || !shape.has_rank() || shape.rank() != 1) return Shape::unknown();
    return Shape(std::vector<int64_t>(static_cast<size_t>(shape[0]), kUnknown));
  }

 private:
  std::vector<Tensor> values_;
};

class Specialiser {
 public:
  Specialiser(PlanGraph& plan, const PlanEnvironment& environment, const GraphState* graph)
      : plan_(plan), environment_(environment), graph_(graph) {}

  void run() {
    for (const OpId id : plan_.ops()) specialise_op(id);
  }

 private:
  void specialise_op(OpId id) {
    PlanOp& op = plan_.op(id);
    const Node& node = *op.node;
    plan_.for_each_predecessor(op, [&](OpId before) { op.deferred |= plan_.op(before).deferred; });
    if (op.deferred) return;
    if (node.def->is_variable) return set_variable_shape(op);
    defer_behind_other_shapes(id);
    if (op.deferred) return;
    if (owns_bodies(node)) return set_shapes_of_bodies(op);
    defer_behind_bodies(id);
    if (op.deferred) return;
    require_shapes(op);
    if (!have_values(op)) return;
    infer(op);
    note_other_shape(id);
    if (makes_any_shape(node)) return;
    set_foldable(op);
    if (!op.outputs().empty() && (is_small(op) || passes_known(op))) known(op.output());
  }

  bool is_small(const PlanOp& op) const {
    return std::all_of(op.outputs().begin(), op.outputs().end(), [&](ValueId output) {
      return plan_.value(output).shape.element_count() <= kFoldedElements;
    });
  }

  // Whether nothing is to be computed for what it gives.
  bool passes_known(const PlanOp& op) const {
    return op.def().action == PlanAction::kPassOn &&
           std::all_of(op.inputs().begin(), op.inputs().end(),
                       [&](ValueId input) { return plan_.value(input).constant; });
  }

  void set_variable_shape(PlanOp& op) {
    PlanValue& value = plan_.value(op.output());
    const Shape declared = op.node->attrs.get<Shape>("shape");
    value.shape = environment_.variable_shape(*op.node).value_or(declared);
  }

  // Notes an assignment after which a variable has another shape than before.
  void note_other_shape(OpId id) {
    const PlanOp& op = plan_.op(id);
    if (op.def().action != PlanAction::kAssign) return;
    const PlanValue& variable = plan_.input(op, 0);
    const Shape before = variable.dtype == DType::resource
                             ? shape_of_handle(*op.node->inputs[0].node)
                             : variable.shape;
    if (before != plan_.input(op, 1).shape) reshaping_.push_back(id);
  }

  // What uses a variable after an assignment of this run has given it another shape is planned when
  // that has run.
  void defer_behind_other_shapes(OpId id) {
    if (reshaping_.empty()) return;
    if (!writes_) writes_.emplace(plan_);
    PlanOp& op = plan_.op(id);
    for (const ValueId input : op.inputs()) {
      const VariableId variable = plan_.value(input).dtype == DType::resource
                                      ? plan_.value(input).variable()
                                      : reference_behind(plan_, input);
      if (!variable.exists() || is_name(plan_, op)) continue;
      for (const OpId writer : reshaping_) {
        if (!contains(plan_.op(writer).writes, variable) || !writes_->precedes(writer, id))
          continue;
        const ValueId written = last_written(plan_, input);
        const OpId last = written.exists() ? plan_.value(written).producer() : OpId();
        if (last.exists() && (last == writer || writes_->precedes(writer, last))) continue;
        op.deferred = true;
        if (!contains(plan_.cut_ops, writer)) plan_.cut_ops.push_back(writer);
      }
    }
  }

  // What bodies hand out has a shape of which perhaps only the run knows.
  void set_shapes_of_bodies(const PlanOp& op) {
    FlowInputs inputs{.use = op.use};
    for (size_t i = 0; i < op.inputs().size(); ++i) {
      inputs.shapes.push_back(plan_.input(op, i).shape);
      inputs.known.push_back(plan_.input(op, i).constant);
    }
    Shapes shapes = op.node->output_shapes;
    if (graph_ != nullptr) shapes = flow_shapes(*graph_, environment_, *op.node, inputs);
    for (size_t i = 0; i < op.outputs().size(); ++i) {
      plan_.value(op.output(i)).shape = shapes[i];
    }
  }

  // What takes a value whose shape only the run will know is planned when that has run.
  void defer_behind_bodies(OpId id) {
    PlanOp& op = plan_.op(id);
    for (const ValueId input : op.inputs()) {
      const OpId producer = plan_.value(input).producer();
      if (!producer.exists() || plan_.value(input).shape.fully_defined()) continue;
      if (!makes_any_shape(*plan_.op(producer).node)) continue;
      op.deferred = true;
      if (!contains(plan_.cut_ops, producer)) plan_.cut_ops.push_back(producer);
    }
  }

  // A variable that was never initialised may have no shape; then only an assignment can use it.
  void require_shapes(const PlanOp& op) const {
    for (size_t i = 0; i < op.inputs().size(); ++i) {
      const PlanValue& input = plan_.input(op, i);
      if (input.shape.fully_defined() || input.dtype == DType::resource) continue;
      if (contains(op.def().writes, i)) continue;
      const Node* variable = variable_of(op.node->inputs[i]);
      if (variable == nullptr || op.def().asks_for_state()) continue;
      fail<FailedPreconditionError>(ErrorKind::uninitialized,
                                    "Attempting to use uninitialized value ", variable->name,
                                    ": its shape isn't known before it has a value. Run its ",
                                    "initializer, or tenon::global_variables_initializer(), first");
    }
  }

  // Whether all values that decide shapes are known; where not, the plan is cut at them.
  bool have_values(PlanOp& op) {
    const int count = static_cast<int>(op.inputs().size());
    for (int needed : op.def().needs_value) {
      if (needed < 0) needed += count;  // counted from the last
      if (needed < 0 || needed >= count) continue;
      const ValueId value = op.input(needed);
      if (known(value)) continue;
      op.deferred = true;
      if (!contains(plan_.cut_values, value)) plan_.cut_values.push_back(value);
    }
    return !op.deferred;
  }

  void infer(PlanOp& op) {
    const Node& node = *op.node;
    Shapes shapes;
    std::vector<Tensor> values;
    for (size_t i = 0; i < op.inputs().size(); ++i) {
      const PlanValue& input = plan_.input(op, i);
      const Node* handle = input.dtype == DType::resource ? variable_of(node.inputs[i]) : nullptr;
      shapes.push_back(handle == nullptr ? input.shape : shape_of_handle(*handle));
      values.push_back(input.constant);
    }
    try {
      const PlanShapeContext context(node.attrs, std::move(shapes), std::move(values));
      set_shapes(op, node.def->shape == nullptr ? Shapes(op.outputs().size(), Shape::unknown())
                                                : node.def->shape(context));
    } catch (const ValueError& error) {  // the graph was right, what is fed isn't
      fail(error.kind(), error.what(), " in ", described(node));
    }
  }

  Shape shape_of_handle(const Node& variable) const {
    return environment_.variable_shape(variable).value_or(variable.attrs.get<Shape>("shape"));
  }

  void set_shapes(PlanOp& op, const Shapes& inferred) {
    for (size_t i = 0; i < op.outputs().size(); ++i) {
      PlanValue& output = plan_.value(op.output(i));
      output.shape = inferred[i];
      if (!output.shape.fully_defined()) {
        output.shape = output.shape.merged_with(op.node->output_shapes[i]);
      }
      if (output.shape.fully_defined() || op.node->output_refs[i]) continue;
      if (makes_any_shape(*op.node)) continue;
      if (op.def().action == PlanAction::kPlaceholder) fail_unfed(*op.node);
      const Node* variable = op.node->inputs.empty() ? nullptr : variable_of(op.node->inputs[0]);
      if (variable != nullptr) require_shapes(op);
      fail<InvalidArgumentError>(
          variable != nullptr ? ErrorKind::uninitialized : ErrorKind::no_shape, "The shape of ",
          described(*op.node), " can't be worked out: ", output.shape);
    }
  }

  void set_foldable(PlanOp& op) {
    const Node& node = *op.node;
    if (node.def->action == PlanAction::kConstant) {
      PlanValue& output = plan_.value(op.output());
      output.constant = node.attrs.get<Tensor>("value");
      output.foldable = true;
      return;
    }
    if (node.def->action == PlanAction::kIsInitialized && plan_.fed_node(op.input(0)) != nullptr) {
      plan_.value(op.output()).constant = Tensor(true);
      return;
    }
    const bool pure = !node.def->stateful && node.def->writes.empty() && op.reads.empty() &&
                      node.def->action != PlanAction::kPlaceholder && !op.outputs().empty();
    if (!pure) return;
    if (fold_by_shapes(op)) return;
    for (size_t i = 0; i < op.inputs().size(); ++i) {
      const bool shape_only = contains(node.def->shape_only, i);
      if (!shape_only && !plan_.input(op, i).foldable) return;
    }
    for (const ValueId output : op.outputs()) plan_.value(output).foldable = true;
  }

  // Shape, Size, Rank and the like follow from shapes.
  bool fold_by_shapes(PlanOp& op) {
    if (op.def().value == nullptr && op.def().values == nullptr) return false;
    Shapes shapes;
    std::vector<Tensor> values;
    for (const ValueId input : op.inputs()) {
      shapes.push_back(plan_.value(input).shape);
      values.push_back(plan_.value(input).constant);
    }
    const PlanShapeContext context(op.node->attrs, std::move(shapes), std::move(values));
    std::vector<Tensor> found;
    if (op.def().values != nullptr) {
      found = op.def().values(context).value_or(found);
    } else if (const std::optional<Tensor> value = op.def().value(context)) {
      found = {*value};
    }
    for (size_t i = 0; i < found.size(); ++i) {
      plan_.value(op.output(i)).constant = found[i];
      plan_.value(op.output(i)).foldable = true;
    }
    return !found.empty();
  }

  // The value, computed now if it follows from constants; empty otherwise.
  Tensor known(ValueId id) {
    if (plan_.value(id).constant || !plan_.value(id).foldable) return plan_.value(id).constant;
    const PlanOp& op = plan_.op(plan_.value(id).producer());
    std::vector<Tensor> inputs;
    std::vector<Shape> shapes;
    for (const ValueId input : op.inputs()) {
      Tensor value = known(input);
      if (!value) value = Tensor(plan_.value(input).dtype, plan_.value(input).shape);
      inputs.push_back(std::move(value));
    }
    for (const ValueId output : op.outputs()) shapes.push_back(plan_.value(output).shape);
    const std::vector<Tensor> outputs = evaluate(op, inputs, shapes);
    for (size_t i = 0; i < outputs.size(); ++i) plan_.value(op.output(i)).constant = outputs[i];
    return plan_.value(id).constant;
  }

  std::vector<Tensor> evaluate(const PlanOp& op, const std::vector<Tensor>& inputs,
                               const std::vector<Shape>& shapes) const {
    if (op.def().action == PlanAction::kPassOn) {
      std::vector<Tensor> outputs;
      for (size_t i = 0; i < shapes.size(); ++i) outputs.push_back(inputs[i].reshaped(shapes[i]));
      return outputs;
    }
    try {
      return evaluate_on_host(*op.node, inputs, shapes, *environment_.devices()[kHost]);
    } catch (Error& error) {
      error.add_context(" in " + described(*op.node));
      throw;
    }
  }

  PlanGraph& plan_;
  const PlanEnvironment& environment_;
  const GraphState* const graph_;
  std::vector<OpId> reshaping_;  // assignments that give a variable another shape
  std::optional<WriteOrder> writes_;
};

}  // namespace

void fail_unfed(const Node& placeholder) {
  fail<InvalidArgumentError>(ErrorKind::must_feed, "You must feed a value for placeholder tensor '",
                             placeholder.name, "' with dtype ", placeholder.output_dtypes[0],
                             " and shape ", placeholder.output_shapes[0], ". It is ",
                             described(placeholder));
}

void specialise(PlanGraph& plan, const PlanEnvironment& environment, const GraphState* graph) {
  Specialiser(plan, environment, graph).run();
}

}  // namespace tenon::internal
