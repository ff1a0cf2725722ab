// Tapes of elementwise programs, followed step by step on the host.
#include "cuda/elementwise_tape.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "tests/testing/errors.h"

namespace tenon::cuda {
namespace {

using internal::ElementwiseBuilder;
using internal::ElementwiseProgram;
using internal::Primitive;

PreparedTape prepared(const ElementwiseProgram& program, const std::vector<Shape>& shapes,
                      const Shape& output) {
  internal::KernelRequest request = {.op = internal::kElementwiseOp, .program = &program};
  for (size_t i = 0; i < program.inputs.size(); ++i) {
    request.inputs.push_back({program.inputs[i], shapes[i]});
  }
  for (const int value : program.outputs) {
    request.outputs.push_back({program.dtype_of_value(value), output});
  }
  return PreparedTape(request);
}

PreparedTape prepared(const ElementwiseProgram& program) {
  return prepared(program, std::vector<Shape>(program.inputs.size(), {10}), {10});
}

// A number for what an instruction computes; operands that aren't there are 0.
uint64_t mixed(uint64_t kind, uint64_t a, uint64_t b, uint64_t c) {
  uint64_t hash = 1469598103934665603u;
  for (const uint64_t part : {kind, a, b, c}) hash = (hash ^ part) * 1099511628211u + 17;
  return hash;
}
constexpr uint64_t kInput = 1000, kNumber = 2000;

// What the program's outputs are.
std::vector<uint64_t> wanted(const ElementwiseProgram& program) {
  std::vector<uint64_t> values;
  for (size_t i = 0; i < program.inputs.size(); ++i) values.push_back(kInput + i);
  for (size_t i = 0; i < program.constants.size(); ++i) values.push_back(kNumber + i);
  const auto of = [&](int value) { return value < 0 ? 0 : values[static_cast<size_t>(value)]; };
  for (const auto& instruction : program.instructions) {
    values.push_back(mixed(static_cast<uint64_t>(instruction.primitive), of(instruction.a),
                           of(instruction.b), of(instruction.c)));
  }
  std::vector<uint64_t> outputs;
  for (const int output : program.outputs) outputs.push_back(of(output));
  return outputs;
}

// What the tape leaves in the outputs. Nothing may be read once something was stored: an output may
// lie where an input does.
std::vector<uint64_t> found(const PreparedTape& tape) {
  std::vector<uint64_t> slots(static_cast<size_t>(tape.slots), 0), outputs(tape.outputs, 0);
  const auto of = [&](uint16_t operand) {
    return (operand & kConstant) != 0 ? kNumber + (operand & 0x7fffu) : slots.at(operand);
  };
  bool stored = false;
  for (const TapeStep& step : tape.steps) {
    if (step.op == TapeOp::kStore) {
      outputs.at(step.out) = of(step.a);
      stored = true;
      continue;
    }
    EXPECT_FALSE(stored);
    if (step.op == TapeOp::kLoad) {
      slots.at(step.out) = kInput + step.a;
    } else {
      const int operands = internal::operand_count(step.primitive);
      slots.at(step.out) = mixed(static_cast<uint64_t>(step.primitive), of(step.a),
                                 operands > 1 ? of(step.b) : 0, operands > 2 ? of(step.c) : 0);
    }
  }
  return outputs;
}

TEST(ElementwiseTapeTest, ComputesWhatTheProgramSays) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    ElementwiseBuilder builder;
    std::vector<int> values;
    for (int i = 0; i < 6; ++i) values.push_back(builder.input(float32));
    for (int i = 0; i < 3; ++i) values.push_back(builder.constant(float32, i));
    const auto any = [&] { return values[random() % values.size()]; };
    for (int i = 0; i < 40; ++i) {
      switch (random() % 4) {
        case 0:
          values.push_back(builder.negate(any()));
          break;
        case 1:
          values.push_back(
              builder.select(builder.binary(Primitive::kLess, any(), any()), any(), any()));
          break;
        default:
          values.push_back(builder.subtract(any(), any()));
      }
    }
    const ElementwiseProgram program = builder.finish({values.back(), any(), any()});
    ASSERT_EQ(found(prepared(program)), wanted(program)) << program.to_string();
  }
}

TEST(ElementwiseTapeTest, StoresInputsAndConstantsToo) {
  ElementwiseBuilder builder;
  const int x = builder.input(int32), two = builder.constant(int32, 2);
  const ElementwiseProgram program = builder.finish({x, two, x});
  EXPECT_EQ(found(prepared(program)), wanted(program));
}

// Fused producers all stand before the sum that they go into.
TEST(ElementwiseTapeTest, HoldsFewValuesOfALongSum) {
  ElementwiseBuilder builder;
  std::vector<int> products;
  for (int i = 0; i < 128; ++i) {
    const int x = builder.input(float64);
    products.push_back(builder.multiply(x, x));
  }
  int sum = products[0];
  for (size_t i = 1; i < products.size(); ++i) sum = builder.add(sum, products[i]);
  const ElementwiseProgram program = builder.finish({sum});
  const PreparedTape tape = prepared(program);
  EXPECT_LE(tape.slots, 3);
  EXPECT_EQ(tape_threads(tape), 256);
  EXPECT_EQ(found(tape), wanted(program));
}

TEST(ElementwiseTapeTest, HoldsFewValuesOfNestedDifferences) {
  ElementwiseBuilder builder;
  std::vector<int> inputs;
  for (int i = 0; i < 200; ++i) inputs.push_back(builder.input(float32));
  int rest = inputs.back();
  for (size_t i = inputs.size() - 1; i-- > 0;) rest = builder.subtract(inputs[i], rest);
  const ElementwiseProgram program = builder.finish({rest});
  const PreparedTape tape = prepared(program);
  EXPECT_LE(tape.slots, 3);
  EXPECT_EQ(found(tape), wanted(program));
}

TEST(ElementwiseTapeTest, TakesTheLongestProgramsThatAreFused) {
  ElementwiseBuilder sums, choices;
  int sum = sums.input(float32), chosen = choices.input(float32);
  for (int i = 0; i < 256; ++i) {
    sum = sums.add(sum, sums.input(float32));
    chosen = choices.select(choices.input(bool_), choices.input(float32), chosen);
  }
  for (const ElementwiseProgram& program : {sums.finish({sum}), choices.finish({chosen})}) {
    ASSERT_EQ(program.instructions.size(), 256u);
    EXPECT_EQ(found(prepared(program)), wanted(program));
  }
}

TEST(ElementwiseTapeTest, RefusesAProgramThatIsTooLarge) {
  ElementwiseBuilder builder;
  int sum = builder.input(float32);
  for (int i = 0; i < 2000; ++i) sum = builder.add(sum, builder.input(float32));
  const ElementwiseProgram program = builder.finish({sum});
  EXPECT_ERROR(prepared(program), UnimplementedError, no_kernel,
               "on 2001 inputs of 0 kinds of broadcasting is too large");
}

TEST(ElementwiseTapeTest, ReadsInputsAsTheyBroadcast) {
  ElementwiseBuilder builder;
  std::vector<int> inputs;
  for (int i = 0; i < 5; ++i) inputs.push_back(builder.input(float32));
  int sum = inputs[0];
  for (size_t i = 1; i < inputs.size(); ++i) sum = builder.add(sum, inputs[i]);
  const ElementwiseProgram program = builder.finish({sum});
  const PreparedTape tape =
      prepared(program, {{2, 3, 4}, {}, {3, 1}, {1, 3, 1}, {2, 1, 4}}, {2, 3, 4});
  std::vector<int> kinds(5, -1);
  for (const TapeStep& step : tape.steps) {
    if (step.op == TapeOp::kLoad) kinds[step.a] = step.b;
  }
  EXPECT_EQ(kinds, (std::vector<int>{0, 1, 2, 2, 3}));  // the third and fourth are alike
  ASSERT_EQ(tape.offsets.size(), 2u);
  for (int64_t i = 0; i < 24; ++i) {
    EXPECT_EQ(tape.offsets[0](i), i / 4 % 3);
    EXPECT_EQ(tape.offsets[1](i), i / 12 * 4 + i % 4);
  }
}

TEST(ElementwiseTapeTest, RejectsAnInputThatDoesNotBroadcast) {
  ElementwiseBuilder builder;
  const ElementwiseProgram program = builder.finish({builder.negate(builder.input(float32))});
  EXPECT_ERROR(prepared(program, {{3}}, {4}), InvalidArgumentError, shape_incompatible,
               "(3,) can't be broadcast to (4,)");
}

TEST(ElementwiseTapeTest, HasNoArithmeticOfBool) {
  ElementwiseBuilder builder;
  const ElementwiseProgram program = builder.finish({builder.negate(builder.input(bool_))});
  EXPECT_ERROR(prepared(program), UnimplementedError, no_kernel, "There is no negate of bool");
}

}  // namespace
}  // namespace tenon::cuda
