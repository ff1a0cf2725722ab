#include <array>
#include <cmath>
#include <limits>
#include <tuple>

#include "tests/cuda/kernel_cases.h"

namespace tenon::testing {
namespace {

const std::vector<DType> kAll = {float32, float64, int32,  int64,  int8,    uint8,
                                 int16,   uint16,  uint32, uint64, float16, bfloat16};

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
      for (const Shape& shape :
           {Shape{3, 3000}, Shape{2000, 2}, Shape{4, 7}, Shape{0, 3}, Shape{}}) {
        const int32_t axis = shape.rank() == 0 || shape[0] > shape[1] ? 0 : 1;
        for (const char* op : {"Cumsum", "Cumprod"}) {
          cases.push_back({op + suffix + std::to_string(cases.size()),
                           {.op = op,
                            .dtype = dtype,
                            .inputs = {some(dtype, shape), Tensor(axis)},
                            .outputs = {{dtype, shape}},
                            .attrs = {{"exclusive", exclusive}, {"reverse", reverse}}},
                           tolerance_of(dtype)});
        }
      }
    }
  }
}

void add_args(std::vector<GpuCase>& cases, DType dtype) {
  struct Row {
    Shape in, out;
    int32_t axis;
    DType index;
  };
  const std::vector<Row> rows = {{{40, 3000}, {3000}, 0, int64},
                                 {{40, 3000}, {40}, 1, int64},
                                 {{2, 3, 4500}, {2, 4500}, 1, int32},
                                 {{5, 1}, {5}, -1, int32},
                                 {{0, 4}, {0}, 1, int64}};
  for (const char* op : {"ArgMax", "ArgMin"}) {
    for (const Row& row : rows) {
      Tensor x = some(dtype, row.in);
      if (dtype == float32 && x.element_count() > 7) {  // NaN is passed over
        for (const size_t i : {0, 3, 4}) x.mutable_data<float>()[i] = std::nanf("");
      }
      cases.push_back({std::string(op) + "_" + std::string(to_string(dtype)) + "_" +
                           std::to_string(cases.size()),
                       {.op = op,
                        .dtype = dtype,
                        .inputs = {x, Tensor(row.axis)},
                        .outputs = {{row.index, row.out}}}});
    }
  }
}

// What is not a number, or infinite, goes through as on the CPU.
void add_special_numbers(std::vector<GpuCase>& cases) {
  const float infinity = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  const Tensor x({{1.f, infinity, 2.f, -3.f},
                  {nan, 1.f, -infinity, 2.f},
                  {-infinity, 4.f, 5.f, 6.f},
                  {1.f, 2.f, 3.f, nan},
                  {-infinity, -infinity, -infinity, -infinity}});
  for (const char* op : {"Sum", "Mean", "Max", "Min"}) {
    for (const int32_t axis : {0, 1}) {
      cases.push_back(
          {std::string(op) + "_special_" + std::to_string(axis),
           {.op = op, .inputs = {x, ints({axis})}, .outputs = {{float32, {axis == 0 ? 4 : 5}}}},
           1e-6});
    }
  }
  for (const char* op : {"Softmax", "LogSoftmax"}) {
    cases.push_back({std::string(op) + "_special",
                     {.op = op, .inputs = {x}, .outputs = {{float32, {5, 4}}}},
                     1e-6});
  }
}

void add_bool_reductions(std::vector<GpuCase>& cases) {
  for (const char* op : {"Any", "All"}) {
    for (const auto& [shape, axis, out] : std::vector<std::tuple<Shape, int32_t, Shape>>{
             {{3, 5000}, 1, {3}}, {{700, 3}, 0, {3}}, {{2, 0}, 1, {2}}}) {
      for (const double start : {0.3, 1e9}) {  // the larger one: all alike
        Tensor x = some(bool_, shape, start, start > 1 ? 0 : 3);
        cases.push_back(
            {std::string(op) + "_" + std::to_string(cases.size()),
             {.op = op, .dtype = bool_, .inputs = {x, ints({axis})}, .outputs = {{bool_, out}}}});
      }
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

// A system whose diagonal outweighs the rest, solved each way.
void add_triangular_systems(std::vector<GpuCase>& cases, DType dtype) {
  const std::vector<double> numbers = {4, 1, 2, 1, 5, 3, 2, 1, 6};
  const Tensor matrix =
      dtype == float64
          ? Tensor::from<double>(numbers, {1, 3, 3})
          : Tensor::from<float>(std::vector<float>(numbers.begin(), numbers.end()), {1, 3, 3});
  for (const bool lower : {false, true}) {
    for (const bool adjoint : {false, true}) {
      cases.push_back({"MatrixTriangularSolve_" + std::string(to_string(dtype)) +
                           (lower ? "_lower" : "_upper") + (adjoint ? "_adjoint" : ""),
                       {.op = "MatrixTriangularSolve",
                        .dtype = dtype,
                        .inputs = {matrix, some(dtype, {1, 3, 2})},
                        .outputs = {{dtype, {1, 3, 2}}},
                        .attrs = {{"lower", lower}, {"adjoint", adjoint}}},
                       tolerance_of(dtype) * 10});
    }
  }
}

void add_recurrences(std::vector<GpuCase>& cases, DType dtype) {
  for (const bool reverse : {false, true}) {
    for (const Shape& shape : {Shape{3, 40}, Shape{0, 3}}) {
      cases.push_back(
          {"Recurrence_" + std::string(to_string(dtype)) + std::to_string(cases.size()),
           {.op = "_Recurrence",
            .dtype = dtype,
            .inputs = {some(dtype, shape, 0.3, 1), some(dtype, shape, 0.7, 1), Tensor(int32_t{1})},
            .outputs = {{dtype, shape}},
            .attrs = {{"reverse", reverse}}},
           tolerance_of(dtype) * 10});
    }
  }
}

}  // namespace

std::vector<GpuCase> math_cases() {
  std::vector<GpuCase> cases;
  for (const DType dtype : kAll) {
    add_reductions(cases, dtype);
    add_scans(cases, dtype);
    add_args(cases, dtype);
    add_products(cases, dtype);
    cases.push_back({"SumTo_" + std::string(to_string(dtype)),
                     {.op = "_SumTo",
                      .dtype = dtype,
                      .inputs = {some(dtype, {4, 5, 6}), ints({5, 1})},
                      .outputs = {{dtype, {5, 1}}}},
                     tolerance_of(dtype)});
  }
  add_args(cases, bool_);
  add_bool_reductions(cases);
  add_special_numbers(cases);
  for (const DType dtype : {float32, float64, float16, bfloat16}) {
    for (const Shape& shape : {Shape{3, 700}, Shape{0}, Shape{}}) {
      cases.push_back({"L2Loss_" + std::string(to_string(dtype)) + std::to_string(cases.size()),
                       {.op = "L2Loss",
                        .dtype = dtype,
                        .inputs = {some(dtype, shape, 0.3, 1)},
                        .outputs = {{dtype, {}}}},
                       tolerance_of(dtype)});
    }
  }
  // More rows and elements than the largest grid has teams and threads.
  cases.push_back({"Sum_of_many_rows",
                   {.op = "Sum",
                    .dtype = int8,
                    .inputs = {some(int8, {600000, 8}), ints({1})},
                    .outputs = {{int8, {600000}}}}});
  for (const DType dtype : {float32, float64}) {
    add_epilogues(cases, dtype);
    add_triangular_systems(cases, dtype);
    add_recurrences(cases, dtype);
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
