// Scatters, counters, running sums, Qr and diagonals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "cpu_fallback/backend.h"
#include "tests/cpu_fallback/kernel_testing.h"

namespace tenon {
namespace {

using testing::elements;
using ::testing::ElementsAre;
using testing::expect_error;
using testing::KernelCase;
using testing::launch;
using testing::run_kernel;
using testing::wave;

std::vector<float> scatter(const std::string& op, const Tensor& indices, const Tensor& updates) {
  const KernelCase c = {
      .op = op,
      .dtype = float32,
      .inputs = {Tensor({{8.0f, 8.0f}, {2.0f, 2.0f}, {4.0f, 4.0f}}), indices, updates}};
  const auto run = run_kernel(c);
  const auto data = run.inputs[0].data<float>();
  return {data.begin(), data.end()};
}

TEST(CpuScatterTest, CombinesRowsInTheOrderOfTheIndices) {
  const Tensor indices({2, 0, 2}), updates({{1.0f, 2.0f}, {3.0f, 4.0f}, {5.0f, 6.0f}});
  EXPECT_THAT(scatter("ScatterUpdate", indices, updates), ElementsAre(3, 4, 2, 2, 5, 6));
  EXPECT_THAT(scatter("ScatterAdd", indices, updates), ElementsAre(11, 12, 2, 2, 10, 12));
  EXPECT_THAT(scatter("ResourceScatterSub", indices, updates), ElementsAre(5, 4, 2, 2, -2, -4));
  EXPECT_THAT(scatter("ScatterMul", indices, updates), ElementsAre(24, 32, 2, 2, 20, 48));
  EXPECT_THAT(scatter("ScatterMin", indices, updates), ElementsAre(3, 4, 2, 2, 1, 2));
  EXPECT_THAT(scatter("ScatterMax", indices, updates), ElementsAre(8, 8, 2, 2, 5, 6));
  EXPECT_THAT(scatter("ScatterDiv", Tensor({int64_t{1}}), Tensor(2.0f)),
              ElementsAre(8, 8, 1, 1, 4, 4));
}

TEST(CpuScatterTest, AnIndexOutOfRangeLeavesTheVariableAsItWas) {
  const auto device = internal::cpu_backend().open(0, "/device:CPU:0", {.threads = 1});
  const auto queue = device->make_queue();
  const internal::AttrMap attrs;
  internal::KernelRequest request;
  request.op = "ScatterAdd";
  request.attrs = &attrs;
  request.inputs = {{float32, {3}}, {int32, {2}}, {float32, {2}}};
  const auto kernel = device->prepare(request, float32);
  Tensor variable({1.0f, 2.0f, 3.0f});
  const Tensor indices({0, 3}), updates({1.0f, 1.0f});
  const void* inputs[] = {variable.raw(), indices.raw(), updates.raw()};
  expect_error<InvalidArgumentError>(
      [&] { kernel.launch({.inputs = inputs, .queue = queue.get()}); },
      ErrorKind::index_out_of_range, "indices[1] = 3 is not in [0, 3)");
  EXPECT_THAT(variable.data<float>(), ElementsAre(1, 2, 3));
}

TEST(CpuScatterTest, RejectsUpdatesOfAnotherShape) {
  expect_error<InvalidArgumentError>(
      [] {
        scatter("ScatterAdd", Tensor({0, 1}), Tensor({1.0f, 2.0f}));
      },
      ErrorKind::shape_incompatible, "Must have updates.shape = indices.shape + ref.shape[1:]");
}

TEST(CpuCountUpToTest, CountsUntilTheLimit) {
  KernelCase c = {.op = "CountUpTo",
                  .dtype = int32,
                  .inputs = {Tensor(4)},
                  .outputs = {{int32, {}}},
                  .attrs = {{"limit", int64_t{5}}}};
  const auto run = run_kernel(c);
  EXPECT_EQ(run.outputs[0].scalar<int32_t>(), 4);
  EXPECT_EQ(run.inputs[0].scalar<int32_t>(), 5);
  c.inputs = {Tensor(5)};
  expect_error<OutOfRangeError>([&] { launch(c); }, ErrorKind::limit_reached, "Reached limit of 5");
}

Tensor scan(const std::string& op, const Tensor& x, int axis, bool exclusive, bool reverse) {
  return launch({.op = op,
                 .dtype = x.dtype(),
                 .inputs = {x, Tensor(axis)},
                 .outputs = {{x.dtype(), x.shape()}},
                 .attrs = {{"exclusive", exclusive}, {"reverse", reverse}}});
}

TEST(CpuScanTest, RunsAlongAnAxisEitherWay) {
  const Tensor x({{1, 2, 3}, {4, 5, 6}});
  EXPECT_THAT(elements<int32_t>(scan("Cumsum", x, 1, false, false)),
              ElementsAre(1, 3, 6, 4, 9, 15));
  EXPECT_THAT(elements<int32_t>(scan("Cumsum", x, -2, false, false)),
              ElementsAre(1, 2, 3, 5, 7, 9));
  EXPECT_THAT(elements<int32_t>(scan("Cumsum", x, 1, true, false)), ElementsAre(0, 1, 3, 0, 4, 9));
  EXPECT_THAT(elements<int32_t>(scan("Cumsum", x, 1, true, true)), ElementsAre(5, 3, 0, 11, 6, 0));
  EXPECT_THAT(elements<int32_t>(scan("Cumprod", x, 1, false, true)),
              ElementsAre(6, 6, 3, 120, 30, 6));
  EXPECT_THAT(elements<int32_t>(scan("Cumprod", x, 0, true, false)), ElementsAre(1, 1, 1, 1, 2, 3));
  EXPECT_EQ(scan("Cumsum", Tensor(float32, {0, 3}), 0, false, false).element_count(), 0);
}

struct Factors {
  Tensor q, r;
};

Factors factor(const Tensor& x, bool full) {
  const int64_t rows = x.shape()[-2], columns = x.shape()[-1];
  const int64_t inner = full ? rows : std::min(rows, columns);
  Shape q = x.shape(), r = x.shape();
  q[-1] = inner;
  r[-2] = inner;
  const auto run = run_kernel({.op = "Qr",
                               .dtype = x.dtype(),
                               .inputs = {x},
                               .outputs = {{x.dtype(), q}, {x.dtype(), r}},
                               .attrs = {{"full_matrices", full}}});
  return {run.outputs[0], run.outputs[1]};
}

TEST(CpuQrTest, FactorsAreOrthogonalAndTriangularAndMultiplyToTheMatrix) {
  for (const Shape& shape : {Shape{5, 3}, Shape{3, 5}, Shape{4, 4}, Shape{1, 1}, Shape{30, 20}}) {
    for (const bool full : {false, true}) {
      const Tensor x = wave<double>(shape);
      const Factors f = factor(x, full);
      const int64_t m = shape[0], n = shape[1], p = f.q.shape()[1];
      const auto q = [&](int64_t i, int64_t j) {
        return f.q.data<double>()[static_cast<size_t>(i * p + j)];
      };
      const auto r = [&](int64_t i, int64_t j) {
        return f.r.data<double>()[static_cast<size_t>(i * n + j)];
      };
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j) {
          double sum = 0;
          for (int64_t k = 0; k < p; ++k) sum += q(i, k) * r(k, j);
          ASSERT_NEAR(sum, x.data<double>()[static_cast<size_t>(i * n + j)], 1e-13);
        }
      for (int64_t i = 0; i < p; ++i) {
        for (int64_t j = 0; j < p; ++j) {
          double sum = 0;
          for (int64_t k = 0; k < m; ++k) sum += q(k, i) * q(k, j);
          ASSERT_NEAR(sum, i == j, 1e-13);
        }
        for (int64_t j = 0; j < std::min(i, n); ++j) ASSERT_EQ(r(i, j), 0);
      }
    }
  }
}

TEST(CpuQrTest, SignsAreTensorFlows) {
  const Factors f = factor(Tensor({{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}}), false);
  const double q[] = {-0.16903085, 0.89708523, -0.50709255, 0.27602622, -0.84515425, -0.34503278};
  const double r[] = {-5.91607978, -7.43735744, 0, 0.82807867};
  for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(f.q.data<double>()[i], q[i], 1e-8);
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(f.r.data<double>()[i], r[i], 1e-8);
  const Factors zero = factor(Tensor({{0.0, 2.0}, {0.0, 4.0}}), false);
  EXPECT_THAT(zero.q.data<double>(), ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(zero.r.data<double>(), ElementsAre(0, 2, 0, 4));
}

TEST(CpuDiagTest, ReadsAndWritesDiagonals) {
  const Tensor x = Tensor({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}).reshaped({2, 2, 3});
  const Tensor part =
      launch({.op = "MatrixDiagPart", .dtype = int32, .inputs = {x}, .outputs = {{int32, {2, 2}}}});
  EXPECT_THAT(part.data<int32_t>(), ElementsAre(1, 5, 7, 11));
  const Tensor full = launch(
      {.op = "MatrixDiag", .dtype = int32, .inputs = {part}, .outputs = {{int32, {2, 2, 2}}}});
  EXPECT_THAT(full.data<int32_t>(), ElementsAre(1, 0, 0, 5, 7, 0, 0, 11));
}

}  // namespace
}  // namespace tenon
