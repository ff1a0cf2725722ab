#include <array>
#include <memory>

#include "tests/cuda/kernel_cases.h"

namespace tenon::testing {
namespace {

using internal::ElementwiseBuilder;
using internal::Primitive;

const std::vector<DType> kAll = {float32, float64, int32,  int64,   int8,
                                 uint8,   int16,   uint16, float16, bfloat16};

double tolerance_of(DType dtype) {
  if (dtype == float64) return 1e-12;
  if (dtype == float16) return 2e-3;
  return dtype == bfloat16 ? 2e-2 : 2e-6;
}

Tensor ints(const std::vector<int32_t>& values) {
  return Tensor::from<int32_t>(values, {static_cast<int64_t>(values.size())});
}

void add_reductions(std::vector<GpuCase>& cases, DType dtype) {
  struct Row {
    Shape in, out;
    std::vector<int32_t> axes;
  };
  const std::vector<Row> rows = {{{3, 5, 70}, {3, 5}, {2}},
                                 {{3, 5, 70}, {5, 70}, {0}},
                                 {{3, 5, 70}, {5}, {0, 2}},
                                 {{100000}, {}, {0}},
                                 {{20000, 3}, {3}, {0}},
                                 {{2, 0, 3}, {2, 3}, {1}},
                                 {{0, 3}, {0}, {1}},
                                 {{5000, 1, 33}, {1, 33}, {0}},
                                 {{2, 3, 4, 5, 6}, {2, 4, 6}, {1, 3}},
                                 {{}, {}, {}}};
  for (const char* op : {"Sum", "Mean", "Prod", "Max", "Min"}) {
    for (const Row& row : rows) {
      cases.push_back(
          {std::string(op) + "_" + std::string(to_string(dtype)) + "_" +
               std::to_string(cases.size()),
           {.op = op,
            .dtype = dtype,
            .inputs = {some(dtype, row.in, 0.3, op[0] == 'P' ? 1.2 : 3),
                       Tensor::from<int32_t>(row.axes, {static_cast<int64_t>(row.axes.size())})},
            .outputs = {{dtype, row.out}}},
           tolerance_of(dtype)});
    }
  }
}

void add_scans(std::vector<GpuCase>& cases, DType dtype) {
  const std::string suffix = "_" + std::string(to_string(dtype)) + "_";
  for (const bool reverse : {false, true}) {
    for (const bool exclusive : {false, true}) {
      for (const Shape& shape : {Shape{3, 3000}, Shape{2000, 2}, Shape{4, 7}, Shape{0, 3}}) {
        const int32_t axis = shape[0] > shape[1] ? 0 : 1;
        cases.push_back({"Cumsum" + suffix + std::to_string(cases.size()),
                         {.op = "Cumsum",
                          .dtype = dtype,
                          .inputs = {some(dtype, shape), Tensor(axis)},
                          .outputs = {{dtype, shape}},
                          .attrs = {{"exclusive", exclusive}, {"reverse", reverse}}},
                         tolerance_of(dtype)});
      }
    }
  }
  for (const char* op : {"ArgMax", "ArgMin"}) {
    for (const int32_t axis : {0, 1}) {
      cases.push_back({op + suffix + std::to_string(cases.size()),
                       {.op = op,
                        .dtype = dtype,
                        .inputs = {some(dtype, {40, 3000}), Tensor(axis)},
                        .outputs = {{int64, {axis == 0 ? 3000 : 40}}}}});
    }
  }
}

void add_products(std::vector<GpuCase>& cases, DType dtype) {
  const std::string suffix = "_" + std::string(to_string(dtype)) + "_";
  const double tolerance = tolerance_of(dtype) * 4;
  for (const bool a : {false, true}) {
    for (const bool b : {false, true}) {
      for (const auto& [m, k, n] : std::vector<std::array<int64_t, 3>>{
               {37, 65, 21}, {128, 64, 256}, {1, 1, 1}, {5, 0, 4}, {0, 3, 4}}) {
        cases.push_back({"MatMul" + suffix + std::to_string(cases.size()),
                         {.op = "MatMul",
                          .dtype = dtype,
                          .inputs = {some(dtype, a ? Shape{k, m} : Shape{m, k}, 0.3, 1),
                                     some(dtype, b ? Shape{n, k} : Shape{k, n}, 0.7, 1)},
                          .outputs = {{dtype, {m, n}}},
                          .attrs = {{"transpose_a", a}, {"transpose_b", b}}},
                         tolerance * 4});
      }
    }
  }
  cases.push_back({"BatchMatMulV2" + suffix,
                   {.op = "BatchMatMulV2",
                    .dtype = dtype,
                    .inputs = {some(dtype, {2, 1, 9, 7}, 0.3, 1), some(dtype, {3, 7, 5}, 0.7, 1)},
                    .outputs = {{dtype, {2, 3, 9, 5}}}},
                   tolerance * 4});
}

void add_epilogues(std::vector<GpuCase>& cases, DType dtype) {
  using internal::Activation;
  for (const bool bias : {false, true}) {
    for (const Activation activation :
         {Activation::kNone, Activation::kRelu, Activation::kRelu6, Activation::kElu,
          Activation::kTanh, Activation::kSigmoid, Activation::kLeakyRelu}) {
      cases.push_back(
          {"MatMulEpilogue_" + std::string(to_string(dtype)) + "_" + std::to_string(cases.size()),
           {.op = "MatMul",
            .dtype = dtype,
            .inputs = {some(dtype, {33, 40}), some(dtype, {40, 12}, 0.7)},
            .outputs = {{dtype, {33, 12}}},
            .epilogue = {.bias = bias, .activation = activation}},
           tolerance_of(dtype) * 20});
      if (bias) cases.back().kernel.inputs.push_back(some(dtype, {12}, 0.9));
    }
  }
}

// Each primitive alone, of operands of which the second is broadcast.
void add_primitive(std::vector<GpuCase>& cases, DType dtype, Primitive primitive) {
  static std::vector<std::unique_ptr<internal::ElementwiseProgram>> programs;
  ElementwiseBuilder builder;
  const int operands = internal::operand_count(primitive);
  const int a = builder.input(dtype), b = operands == 2 ? builder.input(dtype) : -1;
  const int y = operands == 1 ? builder.unary(primitive, a) : builder.binary(primitive, a, b);
  programs.push_back(std::make_unique<internal::ElementwiseProgram>(builder.finish({y})));
  const bool divides = primitive == Primitive::kReciprocal || primitive == Primitive::kDivide ||
                       primitive == Primitive::kFloorDivide || primitive == Primitive::kFloorMod ||
                       primitive == Primitive::kTruncateMod || primitive == Primitive::kPower;
  Tensor x = some(dtype, {700, 3}, 0.3, 5), z = some(dtype, {3}, 0.3, 5);
  if (divides) {  // never by zero, no negative power
    const KernelCase ones = {
        .op = "OnesLike", .dtype = dtype, .inputs = {z}, .outputs = {{dtype, {3}}}};
    z = launch(ones);
    if (operands == 1) x = z;
  }
  const bool exact = primitive >= Primitive::kAdd && primitive != Primitive::kPower;
  cases.push_back({"Elementwise_" + std::string(internal::to_string(primitive)) + "_" +
                       std::string(to_string(dtype)),
                   {.op = std::string(internal::kElementwiseOp),
                    .dtype = dtype,
                    .inputs = {x},
                    .outputs = {{builder.dtype(y), x.shape()}},
                    .program = programs.back().get()},
                   exact ? 0 : tolerance_of(dtype) * 2});
  if (operands == 2) cases.back().kernel.inputs.push_back(z);
}

void add_elementwise(std::vector<GpuCase>& cases, DType dtype) {
  for (int i = 0; i < static_cast<int>(Primitive::kSelect); ++i) {
    const auto primitive = static_cast<Primitive>(i);
    const bool logical = primitive == Primitive::kLogicalNot ||
                         primitive == Primitive::kLogicalAnd || primitive == Primitive::kLogicalOr;
    const bool floating = (primitive >= Primitive::kSqrt && primitive <= Primitive::kCos &&
                           primitive != Primitive::kReciprocal) ||
                          primitive == Primitive::kIsFinite || primitive == Primitive::kIsNan;
    if (logical || primitive == Primitive::kCast || (floating && !is_floating(dtype))) continue;
    add_primitive(cases, dtype, primitive);
  }
}

}  // namespace

std::vector<GpuCase> math_cases() {
  std::vector<GpuCase> cases;
  for (const DType dtype : kAll) {
    add_reductions(cases, dtype);
    add_scans(cases, dtype);
    add_products(cases, dtype);
    add_elementwise(cases, dtype);
    cases.push_back({"SumTo_" + std::string(to_string(dtype)),
                     {.op = "_SumTo",
                      .dtype = dtype,
                      .inputs = {some(dtype, {4, 5, 6}), ints({5, 1})},
                      .outputs = {{dtype, {5, 1}}}},
                     tolerance_of(dtype)});
  }
  for (const DType dtype : {float32, float64}) {
    add_epilogues(cases, dtype);
    for (const bool full : {false, true}) {
      cases.push_back({"Qr_" + std::string(to_string(dtype)) + (full ? "_full" : ""),
                       {.op = "Qr",
                        .dtype = dtype,
                        .inputs = {some(dtype, {2, 7, 4})},
                        .outputs = {{dtype, {2, 7, full ? 7 : 4}}, {dtype, {2, full ? 7 : 4, 4}}},
                        .attrs = {{"full_matrices", full}}},
                       tolerance_of(dtype) * 10});
    }
  }
  return cases;
}

}  // namespace tenon::testing
