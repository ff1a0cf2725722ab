// Fuse: convolutions and matrix products take the bias and the activation that follow, and chains
// of elementwise operations become one program.
#include <algorithm>
#include <optional>

#include "core/plan/passes.h"
#include "core/plan/sole_uses.h"

namespace tenon::internal {
namespace {

constexpr size_t kLongestProgram = 256;  // instructions

std::optional<Epilogue> activation_of(const Node& node) {
  if (node.def->activation == Activation::kNone) return std::nullopt;
  return Epilogue{.activation = node.def->activation,
                  .alpha = node.attrs.get_or<double>("alpha", Epilogue().alpha)};
}

// Integer division can fail half way, which an update in place must not.
bool may_fail(const ElementwiseProgram& program) {
  return std::any_of(
      program.instructions.begin(), program.instructions.end(),
      [](const ElementwiseProgram::Instruction& instruction) {
        const Primitive primitive = instruction.primitive;
        return !is_floating(instruction.operand_dtype) &&
               (primitive == Primitive::kDivide || primitive == Primitive::kFloorDivide ||
                primitive == Primitive::kFloorMod || primitive == Primitive::kTruncateMod ||
                primitive == Primitive::kPower);
      });
}

// The program's instructions in another builder, on these arguments; the values of its outputs.
std::vector<ElementwiseBuilder::Value> inlined(ElementwiseBuilder& builder,
                                               const ElementwiseProgram& program,
                                               std::vector<ElementwiseBuilder::Value> values) {
  for (const ElementwiseProgram::Constant& constant : program.constants) {
    values.push_back(builder.constant(constant.dtype, is_floating(constant.dtype)
                                                          ? constant.number
                                                          : static_cast<double>(constant.integer)));
  }
  const auto at = [&](int index) { return nth(values, index); };
  for (const ElementwiseProgram::Instruction& instruction : program.instructions) {
    if (instruction.primitive == Primitive::kCast) {
      values.push_back(builder.cast(at(instruction.a), instruction.dtype));
    } else if (instruction.primitive == Primitive::kSelect) {
      values.push_back(builder.select(at(instruction.a), at(instruction.b), at(instruction.c)));
    } else if (operand_count(instruction.primitive) == 2) {
      values.push_back(builder.binary(instruction.primitive, at(instruction.a), at(instruction.b)));
    } else {
      values.push_back(builder.unary(instruction.primitive, at(instruction.a)));
    }
  }
  std::vector<ElementwiseBuilder::Value> outputs;
  for (const int output : program.outputs) outputs.push_back(at(output));
  return outputs;
}

class Fuser {
 public:
  Fuser(PlanGraph& plan, const PlanEnvironment& environment)
      : plan_(plan), environment_(environment), sole_uses_(plan) {}

  void run() {
    for (const OpId id : plan_.ops()) {
      const PlanOp& op = plan_.op(id);
      if (op.node == nullptr || op.only_orders || !op.epilogue.empty()) continue;
      if (fuse_into_product(id) || op.kind != StepKind::kElementwise) continue;
      fuse_producers(id);
    }
    for (const OpId id : plan_.ops()) {
      const PlanOp& op = plan_.op(id);
      if (op.node != nullptr && op.kind == StepKind::kElementwise) embed_constants(id);
    }
  }

 private:
  // `op` becomes the product with this epilogue.
  void take_over(OpId product, OpId op, const Epilogue& epilogue) {
    plan_.become(op, product);
    plan_.op(op).epilogue = epilogue;
  }

  bool has_epilogue_kernel(const PlanOp& op) const {
    const KernelRegistration* const found =
        op.kind == StepKind::kKernel ? registration_of(op, environment_) : nullptr;
    return found != nullptr && found->epilogues;
  }

  bool fuse_into_product(OpId id) {
    const std::optional<Epilogue> activation = activation_of(*plan_.op(id).node);
    if (!activation) return fuse_bias(id);
    const OpId product = sole_uses_.producer(id, plan_.op(id).input(0));
    if (!product.exists() || !has_epilogue_kernel(plan_.op(product)) ||
        plan_.op(product).epilogue.activation != Activation::kNone) {
      return false;
    }
    Epilogue epilogue = *activation;
    epilogue.bias = plan_.op(product).epilogue.bias;
    take_over(product, id, epilogue);
    return true;
  }

  // product + bias, in either order, where the bias has one element a channel.
  bool fuse_bias(OpId id) {
    const PlanOp& op = plan_.op(id);
    const OpDef& def = op.def();
    if (def.adds_along_last == nullptr || !def.adds_along_last(op.node->attrs)) return false;
    if (op.inputs().size() != 2) return false;
    for (const size_t side : {size_t{0}, size_t{1}}) {
      const OpId product = sole_uses_.producer(id, op.input(side));
      if (!product.exists() || !has_epilogue_kernel(plan_.op(product)) ||
          !plan_.op(product).epilogue.empty()) {
        continue;
      }
      const PlanValue& result = plan_.input(op, side);
      const PlanValue& bias = plan_.input(op, 1 - side);
      const bool fits = bias.shape.rank() == 1 && result.shape.rank() >= 2 &&
                        bias.shape[0] == result.shape.back() &&
                        plan_.value(op.output()).shape == result.shape;
      if (!fits) continue;
      const ValueId bias_value = op.input(1 - side);
      take_over(product, id, {.bias = true});
      plan_.add_input(id, bias_value);
      return true;
    }
    return false;
  }

  // Takes in the elementwise producers of this operation's inputs, which have taken in theirs.
  void fuse_producers(OpId id) {
    for (size_t i = 0; i < plan_.op(id).inputs().size();) {
      const OpId producer = sole_uses_.producer(id, plan_.op(id).input(i));
      if (producer.exists() && may_merge(plan_.op(producer), plan_.op(id), i)) {
        merge(producer, id, i);  // after which another input is in its place
      } else {
        ++i;
      }
    }
  }

  bool may_merge(const PlanOp& producer, const PlanOp& op, size_t position) const {
    if (producer.kind != StepKind::kElementwise) return false;
    if (plan_.input(op, position).shape != shape_of_result(op)) return false;
    if (!op.writes.empty() &&
        (contains(op.written_inputs, position) || may_fail(*producer.program))) {
      return false;
    }
    return producer.program->instructions.size() + op.program->instructions.size() <=
           kLongestProgram;
  }

  const Shape& shape_of_result(const PlanOp& op) const {
    const ValueId result = op.writes.empty() ? op.output() : op.input(op.written_inputs[0]);
    return plan_.value(result).shape;
  }

  // Inputs of the merged program: the operation's own, then the producer's; the fused one goes.
  void merge(OpId producer_id, OpId id, size_t position) {
    const PlanOp& producer = plan_.op(producer_id);
    ElementwiseProgram& program = *plan_.op(id).program;
    ElementwiseBuilder builder;
    std::vector<ElementwiseBuilder::Value> own, of_producer;
    for (const DType dtype : program.inputs) own.push_back(builder.input(dtype));
    for (const DType dtype : producer.program->inputs) of_producer.push_back(builder.input(dtype));
    own[position] = inlined(builder, *producer.program, of_producer)[0];
    program = builder.finish(inlined(builder, program, own));
    for (const ValueId input : producer.inputs()) plan_.add_input(id, input);
    drop_input(id, position);
    plan_.absorb(id, producer_id);
  }

  // Leaves out an input that the program doesn't read any more.
  void drop_input(OpId id, size_t position) {
    PlanOp& op = plan_.op(id);
    ElementwiseProgram& program = *op.program;
    const int removed = static_cast<int>(position);
    const auto renumber = [removed](int& value) {
      if (value > removed) --value;
    };
    program.inputs.erase(program.inputs.begin() + removed);
    for (ElementwiseProgram::Instruction& instruction : program.instructions) {
      renumber(instruction.a);
      renumber(instruction.b);
      renumber(instruction.c);
    }
    for (int& output : program.outputs) renumber(output);
    for (int& written : op.written_inputs) renumber(written);
    plan_.drop_input(id, position);
  }

  // Known scalars become constants of the program. What they wait for is waited for all the same.
  void embed_constants(OpId id) {
    PlanOp& op = plan_.op(id);
    for (size_t i = op.inputs().size(); i-- > 0;) {
      const Tensor& constant = plan_.input(op, i).constant;
      if (!constant || constant.element_count() != 1 || op.inputs().size() == 1) continue;
      const std::optional<double> number = as_number(constant);
      if (!number) continue;
      ElementwiseBuilder builder;
      std::vector<ElementwiseBuilder::Value> arguments;
      for (const DType dtype : op.program->inputs) arguments.push_back(builder.input(dtype));
      arguments[i] = builder.constant(constant.dtype(), *number);
      *op.program = builder.finish(inlined(builder, *op.program, arguments));
      const OpId producer = plan_.input(op, i).producer();
      if (producer.exists()) plan_.add_control(id, producer);
      drop_input(id, i);
    }
  }

  static std::optional<double> as_number(const Tensor& scalar) {
    switch (scalar.dtype()) {
      case DType::float32:
        return double{scalar.data<float>()[0]};
      case DType::float64:
        return scalar.data<double>()[0];
      case DType::int32:
        return static_cast<double>(scalar.data<int32_t>()[0]);
      case DType::uint32:
        return static_cast<double>(scalar.data<uint32_t>()[0]);
      case DType::bool_:
        return scalar.data<bool>()[0] ? 1.0 : 0.0;
      default:
        return std::nullopt;  // 64 bits may not fit a double
    }
  }

  PlanGraph& plan_;
  const PlanEnvironment& environment_;
  const SoleUses sole_uses_;
};

}  // namespace

void fuse(PlanGraph& plan, const PlanEnvironment& environment) { Fuser(plan, environment).run(); }

}  // namespace tenon::internal
