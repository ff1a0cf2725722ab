// Elementwise programs: each primitive, casts, choices, and what programs of many steps need.
#include <cmath>
#include <limits>
#include <memory>

#include "tests/cuda/kernel_cases.h"

namespace tenon::testing {
namespace {

using internal::ElementwiseBuilder;
using internal::ElementwiseProgram;
using internal::Primitive;

const std::vector<DType> kNumbers = {float32, float64, int32,  int64,  int8,    uint8,
                                     int16,   uint16,  uint32, uint64, float16, bfloat16};

double tolerance_of(DType dtype) {
  if (dtype == float64) return 1e-12;
  if (dtype == float16) return 2e-3;
  return dtype == bfloat16 ? 2e-2 : 2e-6;
}

// Programs live to the end: cases know their addresses.
const ElementwiseProgram* kept(ElementwiseProgram program) {
  static std::vector<std::unique_ptr<ElementwiseProgram>> programs;
  programs.push_back(std::make_unique<ElementwiseProgram>(std::move(program)));
  return programs.back().get();
}

KernelCase program_case(const ElementwiseProgram* program, std::vector<Tensor> inputs,
                        const Shape& shape) {
  KernelCase made = {.op = std::string(internal::kElementwiseOp),
                     .dtype = program->dtype_of_value(program->outputs[0]),
                     .inputs = std::move(inputs),
                     .program = program};
  for (const int value : program->outputs) {
    made.outputs.push_back({program->dtype_of_value(value), shape});
  }
  return made;
}

bool is_of_bits(Primitive primitive) {
  return primitive >= Primitive::kBitwiseAnd && primitive <= Primitive::kRightShift;
}

// Each primitive by itself, of operands of which the second is broadcast.
void add_primitive(std::vector<GpuCase>& cases, DType dtype, Primitive primitive) {
  ElementwiseBuilder builder;
  const int operands = internal::operand_count(primitive);
  const int a = builder.input(dtype), b = operands == 2 ? builder.input(dtype) : -1;
  const int y = operands == 1 ? builder.unary(primitive, a) : builder.binary(primitive, a, b);
  const ElementwiseProgram* program = kept(builder.finish({y}));
  const bool divides = primitive == Primitive::kReciprocal || primitive == Primitive::kDivide ||
                       primitive == Primitive::kFloorDivide || primitive == Primitive::kFloorMod ||
                       primitive == Primitive::kTruncateMod || primitive == Primitive::kPower ||
                       primitive == Primitive::kLeftShift || primitive == Primitive::kRightShift;
  Tensor x = some(dtype, {700, 3}, 0.3, 5), z = some(dtype, {3}, 0.3, 5);
  if (divides) {  // never by zero, no negative power, not by as many bits as there are
    const KernelCase ones = {
        .op = "OnesLike", .dtype = dtype, .inputs = {z}, .outputs = {{dtype, {3}}}};
    z = launch(ones);
    if (operands == 1) x = z;
  }
  const bool exact = primitive >= Primitive::kAdd && primitive != Primitive::kPower &&
                     primitive != Primitive::kZeta;
  cases.push_back({"Elementwise_" + std::string(internal::to_string(primitive)) + "_" +
                       std::string(to_string(dtype)),
                   program_case(program, {x}, x.shape()), exact ? 0 : tolerance_of(dtype) * 2});
  if (operands == 2) cases.back().kernel.inputs.push_back(z);
}

void add_elementwise(std::vector<GpuCase>& cases, DType dtype) {
  for (int i = 0; i < static_cast<int>(Primitive::kSelect); ++i) {
    const auto primitive = static_cast<Primitive>(i);
    const bool logical = primitive == Primitive::kLogicalNot ||
                         primitive == Primitive::kLogicalAnd || primitive == Primitive::kLogicalOr;
    const bool floating = (primitive >= Primitive::kSqrt && primitive <= Primitive::kCos &&
                           primitive != Primitive::kReciprocal) ||
                          primitive == Primitive::kIsFinite || primitive == Primitive::kIsNan ||
                          primitive == Primitive::kZeta;
    if (is_of_bits(primitive) && !is_integer(dtype)) continue;
    if (logical || primitive == Primitive::kCast || (floating && !is_floating(dtype))) continue;
    add_primitive(cases, dtype, primitive);
  }
}

void add_logic(std::vector<GpuCase>& cases) {
  for (const Primitive primitive :
       {Primitive::kLogicalAnd, Primitive::kLogicalOr, Primitive::kEqual, Primitive::kNotEqual}) {
    ElementwiseBuilder builder;
    const int a = builder.input(bool_), b = builder.input(bool_);
    const int y = builder.unary(Primitive::kLogicalNot, builder.binary(primitive, a, b));
    cases.push_back({"Logic_" + std::string(internal::to_string(primitive)),
                     program_case(kept(builder.finish({y})),
                                  {some(bool_, {70, 3}), some(bool_, {70, 3}, 0.9)}, {70, 3})});
  }
}

// Every dtype to every other; numbers beyond an integer's range too.
void add_casts(std::vector<GpuCase>& cases, DType from) {
  std::vector<DType> to = kNumbers;
  to.push_back(bool_);
  Tensor x = some(from, {300}, 0.3, 300);
  if (from == float32) {
    const std::vector<float> ends = {std::nanf(""),
                                     1e20f,
                                     -1e20f,
                                     2147483648.f,
                                     -2147483648.f,
                                     9.3e18f,
                                     -1.5f,
                                     65536.f,
                                     1e-45f,
                                     -0.f,
                                     std::numeric_limits<float>::infinity()};
    std::copy(ends.begin(), ends.end(), x.mutable_data<float>().begin());
  }
  for (const DType dtype : to) {
    ElementwiseBuilder builder;
    const int y = builder.cast(builder.input(from), dtype);
    // NaN has many bits: of floating numbers only whether it is one is compared.
    cases.push_back({"Cast_" + std::string(to_string(from)) + "_" + std::string(to_string(dtype)),
                     program_case(kept(builder.finish({y})), {x}, {300}), 1e-30});
  }
}

void add_special_numbers(std::vector<GpuCase>& cases) {
  const float infinity = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  const Tensor x({nan, 1.f, infinity, -infinity, 0.f, -0.f, nan, 2.f});
  const Tensor y({1.f, nan, 1.f, infinity, -0.f, 0.f, nan, -3.f});
  for (int i = 0; i < static_cast<int>(Primitive::kSelect); ++i) {
    const auto primitive = static_cast<Primitive>(i);
    if (primitive == Primitive::kCast || primitive == Primitive::kLogicalNot ||
        primitive == Primitive::kLogicalAnd || primitive == Primitive::kLogicalOr ||
        is_of_bits(primitive)) {
      continue;
    }
    ElementwiseBuilder builder;
    const bool one = internal::operand_count(primitive) == 1;
    const int a = builder.input(float32), b = one ? -1 : builder.input(float32);
    const int result = one ? builder.unary(primitive, a) : builder.binary(primitive, a, b);
    std::vector<Tensor> inputs = {x};
    if (!one) inputs.push_back(y);
    cases.push_back({"Special_" + std::string(internal::to_string(primitive)),
                     program_case(kept(builder.finish({result})), std::move(inputs), {8}), 2e-6});
  }
}

// A choice by a condition that broadcasts, between an input and a constant.
void add_choice(std::vector<GpuCase>& cases, DType dtype) {
  ElementwiseBuilder builder;
  const int condition = builder.input(bool_), x = builder.input(dtype);
  const int y = builder.select(condition, x, builder.constant(dtype, 1));
  cases.push_back({"Choice_" + std::string(to_string(dtype)),
                   program_case(kept(builder.finish({y, builder.cast(condition, dtype)})),
                                {some(bool_, {40, 1, 3}), some(dtype, {5, 1})}, {40, 5, 3})});
}

// Programs that the smaller tape doesn't take, for their inputs, steps and ways to broadcast.
void add_long_program(std::vector<GpuCase>& cases, DType dtype) {
  ElementwiseBuilder builder;
  const std::vector<Shape> shapes = {{6, 7, 8}, {7, 8}, {8}, {6, 1, 8}, {6, 7, 1}, {7, 1}, {}};
  std::vector<Tensor> inputs;
  std::vector<int> products;
  for (int i = 0; i < 60; ++i) {
    const int x = builder.input(dtype);
    inputs.push_back(some(dtype, shapes[static_cast<size_t>(i) % shapes.size()], 0.1 * i, 2));
    products.push_back(builder.multiply(x, builder.add(x, builder.constant(dtype, i))));
  }
  int sum = products[0];
  for (size_t i = 1; i < products.size(); ++i) sum = builder.subtract(sum, products[i]);
  cases.push_back({"LongProgram_" + std::string(to_string(dtype)),
                   program_case(kept(builder.finish({sum, products[30]})), inputs, {6, 7, 8})});
}

// More elements than the largest grid has threads, times those of a thread.
void add_large(std::vector<GpuCase>& cases) {
  const Shape shape = {4097, 4099};
  ElementwiseBuilder builder;
  const int x = builder.input(int8), y = builder.input(int8);
  cases.push_back({"Large", program_case(kept(builder.finish({builder.subtract(x, y)})),
                                         {some(int8, shape), some(int8, {4099}, 0.7)}, shape)});
}

}  // namespace

std::vector<GpuCase> elementwise_cases() {
  std::vector<GpuCase> cases;
  for (const DType dtype : kNumbers) {
    add_elementwise(cases, dtype);
    add_casts(cases, dtype);
    add_choice(cases, dtype);
    add_long_program(cases, dtype);
  }
  add_casts(cases, bool_);
  add_choice(cases, bool_);
  add_logic(cases);
  add_special_numbers(cases);
  add_large(cases);
  return cases;
}

}  // namespace tenon::testing
