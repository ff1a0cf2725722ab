// Fuse: convolutions and matrix products take the bias and the activation that follow, and chains
// of elementwise operations become one program.
//
// A value is fused away only when one operation alone uses it and nothing waits for its producer:
// then the producer can run where its user does.
#include <algorithm>
#include <map>
#include <optional>

#include "core/plan/plan_graph.h"

namespace tenon::internal {
namespace {

constexpr size_t kLongestProgram = 256;  // instructions

std::optional<Epilogue> activation_of(const Node& node) {
  static const std::map<std::string_view, Activation> kActivations = {
      {"Relu", Activation::kRelu},       {"Relu6", Activation::kRelu6},
      {"Elu", Activation::kElu},         {"Tanh", Activation::kTanh},
      {"Sigmoid", Activation::kSigmoid}, {"LeakyRelu", Activation::kLeakyRelu}};
  const auto found = kActivations.find(node.type());
  if (found == kActivations.end()) return std::nullopt;
  return Epilogue{.activation = found->second,
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
  const auto at = [&](int index) { return values[static_cast<size_t>(index)]; };
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
  explicit Fuser(PlanGraph& plan)
      : plan_(plan), uses_(plan.values.size(), 0), waited_for_(plan.ops.size(), false) {
    for (const PlanOp& op : plan.ops) {
      if (op.need == Need::kNone) continue;
      for (const int input : op.inputs) ++uses_[static_cast<size_t>(input)];
      for (const int control : op.controls) waited_for_[static_cast<size_t>(control)] = true;
    }
    for (const int fetch : plan.fetches) uses_[static_cast<size_t>(fetch)] += 2;
  }

  void run() {
    for (PlanOp& op : plan_.ops) {
      if (!op.runs() || !op.epilogue.empty()) continue;
      if (fuse_into_product(op) || op.kind != StepKind::kElementwise) continue;
      fuse_producers(op);
    }
    for (PlanOp& op : plan_.ops) {
      if (op.runs() && op.kind == StepKind::kElementwise) embed_constants(op);
    }
  }

 private:
  // The operation whose result only this use of it needs, on the same device; or null.
  PlanOp* sole_producer(const PlanOp& user, int value) {
    const PlanValue& used = plan_.value(value);
    if (used.producer < 0 || used.constant || uses_[static_cast<size_t>(value)] != 1) {
      return nullptr;
    }
    PlanOp& producer = plan_.op(used.producer);
    const bool free = producer.runs() && producer.outputs.size() == 1 && producer.writes.empty() &&
                      producer.device == user.device &&
                      !waited_for_[static_cast<size_t>(used.producer)];
    return free ? &producer : nullptr;
  }

  // `op` becomes the product with this epilogue: it runs where `op` stood, after everything that
  // either waits for.
  static void take_over(PlanOp& product, PlanOp& op, const Epilogue& epilogue) {
    op.node = product.node;
    op.kind = product.kind;
    op.inputs = product.inputs;
    op.controls.insert(op.controls.end(), product.controls.begin(), product.controls.end());
    op.reads.insert(op.reads.end(), product.reads.begin(), product.reads.end());
    op.epilogue = epilogue;
    op.program.reset();
    product.need = Need::kNone;
  }

  static bool has_epilogue_kernel(const PlanOp& op) {
    return op.kind == StepKind::kKernel &&
           (op.node->type() == "MatMul" || op.node->type() == "Conv2D") &&
           is_floating(op.node->output_dtypes[0]);
  }

  bool fuse_into_product(PlanOp& op) {
    if (const std::optional<Epilogue> activation = activation_of(*op.node)) {
      PlanOp* product = sole_producer(op, op.inputs[0]);
      if (product == nullptr || !has_epilogue_kernel(*product) ||
          product->epilogue.activation != Activation::kNone) {
        return false;
      }
      Epilogue epilogue = *activation;
      epilogue.bias = product->epilogue.bias;
      take_over(*product, op, epilogue);
      return true;
    }
    return fuse_bias(op);
  }

  // product + bias, in either order, where the bias has one element a channel.
  bool fuse_bias(PlanOp& op) {
    const std::string& type = op.node->type();
    const bool is_bias_add =
        type == "BiasAdd" && op.node->attrs.get_or<std::string>("data_format", "NHWC") == "NHWC";
    if (!is_bias_add && type != "AddV2" && type != "Add") return false;
    if (op.inputs.size() != 2) return false;
    for (const size_t side : {size_t{0}, size_t{1}}) {
      if (is_bias_add && side == 1) break;
      PlanOp* product = sole_producer(op, op.inputs[side]);
      if (product == nullptr || !has_epilogue_kernel(*product) || !product->epilogue.empty()) {
        continue;
      }
      const PlanValue& result = plan_.value(op.inputs[side]);
      const PlanValue& bias = plan_.value(op.inputs[1 - side]);
      const bool fits = bias.shape.rank() == 1 && result.shape.rank() >= 2 &&
                        bias.shape[0] == result.shape.back() &&
                        plan_.value(op.outputs[0]).shape == result.shape;
      if (!fits) continue;
      const int bias_value = op.inputs[1 - side];
      take_over(*product, op, {.bias = true});
      op.inputs.push_back(bias_value);
      return true;
    }
    return false;
  }

  // Takes in the elementwise producers of this operation's inputs, which have taken in theirs.
  void fuse_producers(PlanOp& op) {
    for (size_t i = 0; i < op.inputs.size();) {
      PlanOp* producer = sole_producer(op, op.inputs[i]);
      if (producer != nullptr && may_merge(*producer, op, i)) {
        merge(*producer, op, i);  // after which another input is in its place
      } else {
        ++i;
      }
    }
  }

  bool may_merge(const PlanOp& producer, const PlanOp& op, size_t position) const {
    if (producer.kind != StepKind::kElementwise) return false;
    if (plan_.value(op.inputs[position]).shape != shape_of_result(op)) return false;
    if (!op.writes.empty() &&
        (contains(op.written_inputs, static_cast<int>(position)) || may_fail(*producer.program))) {
      return false;
    }
    return producer.program->instructions.size() + op.program->instructions.size() <=
           kLongestProgram;
  }

  const Shape& shape_of_result(const PlanOp& op) const {
    const int result =
        op.writes.empty() ? op.outputs[0] : op.inputs[static_cast<size_t>(op.written_inputs[0])];
    return plan_.value(result).shape;
  }

  // Inputs of the merged program: the operation's own, then the producer's; the fused one goes.
  void merge(PlanOp& producer, PlanOp& op, size_t position) {
    ElementwiseBuilder builder;
    std::vector<ElementwiseBuilder::Value> own, of_producer;
    for (const DType dtype : op.program->inputs) own.push_back(builder.input(dtype));
    for (const DType dtype : producer.program->inputs) of_producer.push_back(builder.input(dtype));
    own[position] = inlined(builder, *producer.program, of_producer)[0];
    *op.program = builder.finish(inlined(builder, *op.program, own));
    op.inputs.insert(op.inputs.end(), producer.inputs.begin(), producer.inputs.end());
    drop_input(op, position);
    producer.need = Need::kNone;
    op.controls.insert(op.controls.end(), producer.controls.begin(), producer.controls.end());
    for (const int read : producer.reads) {
      if (!contains(op.reads, read)) op.reads.push_back(read);
    }
  }

  // Leaves out an input that the program doesn't read any more.
  static void drop_input(PlanOp& op, size_t position) {
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
    op.inputs.erase(op.inputs.begin() + removed);
    for (int& written : op.written_inputs) renumber(written);
  }

  // Known scalars become constants of the program.
  void embed_constants(PlanOp& op) {
    for (size_t i = op.inputs.size(); i-- > 0;) {
      const Tensor& constant = plan_.value(op.inputs[i]).constant;
      if (!constant || constant.element_count() != 1 || op.inputs.size() == 1) continue;
      const std::optional<double> number = as_number(constant);
      if (!number) continue;
      ElementwiseBuilder builder;
      std::vector<ElementwiseBuilder::Value> arguments;
      for (const DType dtype : op.program->inputs) arguments.push_back(builder.input(dtype));
      arguments[i] = builder.constant(constant.dtype(), *number);
      *op.program = builder.finish(inlined(builder, *op.program, arguments));
      drop_input(op, i);
    }
  }

  static std::optional<double> as_number(const Tensor& scalar) {
    switch (scalar.dtype()) {
      case DType::float32:
        return static_cast<double>(scalar.data<float>()[0]);
      case DType::float64:
        return scalar.data<double>()[0];
      case DType::int32:
        return static_cast<double>(scalar.data<int32_t>()[0]);
      case DType::bool_:
        return scalar.data<bool>()[0] ? 1.0 : 0.0;
      default:
        return std::nullopt;  // int64 may not fit a double
    }
  }

  PlanGraph& plan_;
  std::vector<int> uses_;
  std::vector<bool> waited_for_;
};

}  // namespace

void fuse(PlanGraph& plan) { Fuser(plan).run(); }

}  // namespace tenon::internal
